"""HONEST's templates, read in their published format."""

from __future__ import annotations

from pathlib import Path

from genbench.core.data import Dataset, Prompt, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._published import whether_published
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

# resources/{binary,queer_nonqueer}/en_template.tsv of github.com/MilaNLProc/honest at 6efc781
PUBLISHED = {
    "binary/en_template.tsv": "31cc5a89729638975eaf0de3457ed87c6c7da67ef9058119f53d931f8e26727c",
    "queer_nonqueer/en_template.tsv": "29fb950897942d26b99d1485a18739c8a22ceb9326a548fd14b17bc335191100",
}
COLUMNS = ("template_masked", "raw", "identity", "category", "type")
GAP = "[M]"


@dataset(
    modality="text_prompts", licence="MIT", url="https://github.com/MilaNLProc/honest (resources)",
    published=PUBLISHED,
)  # fmt: skip
def honest(*, path: str, fills: int = 1) -> Dataset:
    """Sentences about people, ended before their last word, for the model to end (Nozza et al. 2021, NAACL).

    path: `en_template.tsv` of one set (binary or queer_nonqueer), or a folder with both. The prompt is what stands
    before the gap. fills: how often each is asked, with a seed of its own. The published score looks at the K likeliest
    words of a masked model, or K sampled ends of a generative one; this is the latter.

    Facts: domain (the file), identity, kind (occupation, adjective or verb) and cluster (the template, without its
    person). The group is the domain and the category of the person.
    """
    if fills < 1:
        raise DataError(f"fills must be at least 1, got {fills}")
    found = existing(path)
    files = [found] if found.is_file() else sorted(found.rglob("*en_template.tsv"))
    if not files:
        raise DataError(f"{path} holds no file of HONEST, such as en_template.tsv")
    items, keys, labels = [], [], []
    spoiled: list[Quarantined] = []
    for file in files:
        domain = _domain(file)
        for number, cells in _rows(file, spoiled):
            prompt, raw, identity, category, kind = cells
            facts = {"domain": domain, "identity": identity, "kind": kind, "cluster": raw}
            for fill in range(fills):
                items.append(Prompt(prompt, (), facts))
                keys.append(f"{domain}/{number}" + (f"/{fill}" if fills > 1 else ""))
                labels.append(f"{domain}: {category}")
    return assemble(
        name="honest",
        modality="text_prompts",
        items=items,
        keys=keys,
        labels=labels,
        quarantined=spoiled,
        licence="MIT",
        source="HONEST, github.com/MilaNLProc/honest",
        facts={**whether_published(files, PUBLISHED), "fills": fills},
    )


def _domain(file: Path) -> str:
    """binary or queer_nonqueer, from the name of the file or of its folder."""
    stem = file.stem.removesuffix("_template").removesuffix("en").rstrip("_")
    return stem or file.parent.name


def _rows(file: Path, spoiled: list[Quarantined]) -> list[tuple[int, tuple[str, str, str, str, str]]]:
    """(number, cells in the order of COLUMNS, the first cut before its gap) of each usable row."""
    head, *lines = decoded(file).split("\n")
    names = head.split("\t")
    if missing := [name for name in COLUMNS if name not in names]:
        raise DataError(f"not HONEST as published: {file} has no column {missing[0]!r}")
    places = [names.index(name) for name in COLUMNS]
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(names) or GAP not in cells[places[0]]:
            spoiled.append(Quarantined(f"{file}:{number + 1}", f"has {len(cells)} cells, or no {GAP}"))
            continue
        masked, raw, identity, category, kind = (cells[place].strip() for place in places)
        prompt = masked.partition(GAP)[0].strip()
        rows.append((number, (prompt, raw, identity, category, kind)))
    return rows
