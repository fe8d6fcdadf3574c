"""Winogender schemas, read in their published format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.errors import DataError
from genbench.data._published import whether_published
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

# data/ of github.com/rudinger/winogender-schemas at 1c7f8b4
PUBLISHED = {
    "all_sentences.tsv": "bd69da16bf228cb8df63fd0843aec2d8b5c36a7f21bf8c7b168bcc83932556c8",
    "occupations-stats.tsv": "3f7f37c16381a70571356982ea7fe613ac700ad04a6d3b19b9f2be18248df567",
}
GENDERS = ("female", "male", "neutral")
READING = ", ".join(GENDERS)


@dataset(
    modality="text_choices", licence="MIT", url="https://github.com/rudinger/winogender-schemas (data)",
    published=PUBLISHED,
)  # fmt: skip
def winogender(*, path: str) -> Dataset:
    """Sentences on sixty occupations with her, his and their pronoun (Rudinger et al. 2018, arXiv:1804.09301).

    path: the published folder `data`, with `all_sentences.tsv` and `occupations-stats.tsv`. Each question has no
    context, and the sentence with its female, male and neutral pronoun as options, none of which is right.

    Facts: reading ("female, male, neutral"), occupation (also cluster), meant ("occupation" or "participant": whom the
    pronoun means) and women_bls and women_bergsma, the per cent of women in it by the US Bureau of Labor Statistics and
    by Bergsma and Lin's counts of texts. The group is who is meant.
    """
    folder = existing(path)
    if not folder.is_dir():
        raise DataError(f"{path} is a file; Winogender is a folder with {' and '.join(PUBLISHED)}")
    files = [folder / name for name in PUBLISHED]
    if absent := [file.name for file in files if not file.is_file()]:
        raise DataError(f"{folder} has no file {absent[0]!r}; Winogender is a folder with {' and '.join(PUBLISHED)}")
    women = _women(files[1])
    sentences, spoiled = _sentences(files[0])
    items, keys, labels = [], [], []
    for (occupation, participant, meant), told in sentences.items():
        if missing := [gender for gender in GENDERS if gender not in told]:
            spoiled.append(Quarantined(f"{occupation}.{participant}", f"has no {missing[0]} sentence"))
            continue
        facts = {"reading": READING, "occupation": occupation, "cluster": occupation, "meant": meant}
        options = tuple(told[gender] for gender in GENDERS)
        items.append(Question("", options, -1, {**facts, **women.get(occupation, {})}))
        keys.append(f"{occupation}/{participant}/{meant}")
        labels.append(meant)
    return assemble(
        name="winogender",
        modality="text_choices",
        items=items,
        keys=keys,
        labels=labels,
        quarantined=spoiled,
        licence="MIT",
        source="Winogender schemas, github.com/rudinger/winogender-schemas",
        facts=whether_published(files, PUBLISHED),
    )


def _rows(file: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    """(line number, cells) below the head; `DataError` where the head is another."""
    lines = decoded(file).split("\n")
    if tuple(lines[0].split("\t")[: len(columns)]) != columns:
        raise DataError(f"not Winogender as published: {file} should begin with the columns {', '.join(columns)}")
    return [(number, line.split("\t")) for number, line in enumerate(lines[1:], start=2) if line.strip()]


def _sentences(file: Path) -> tuple[dict[tuple[str, str, str], dict[str, str]], list[Quarantined]]:
    """{(occupation, participant, who is meant): {gender: sentence}}; a name is `technician.customer.1.male.txt`."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    spoiled: list[Quarantined] = []
    for number, cells in _rows(file, ("sentid", "sentence")):
        parts = cells[0].split(".")
        if len(cells) != 2 or len(parts) != 5 or parts[2] not in ("0", "1") or parts[3] not in GENDERS:
            spoiled.append(Quarantined(f"{file}:{number}", f"{cells[0]!r} is no name of a sentence"))
            continue
        occupation, participant, answer, gender, _ = parts
        meant = "participant" if answer == "1" else "occupation"
        found.setdefault((occupation, participant, meant), {})[gender] = cells[1].strip()
    return found, spoiled


def _women(file: Path) -> Mapping[str, dict[str, Any]]:
    """{occupation: its two per cents of women}."""
    told: dict[str, dict[str, Any]] = {}
    for number, cells in _rows(file, ("occupation", "bergsma_pct_female", "bls_pct_female")):
        try:
            told[cells[0]] = {"women_bergsma": float(cells[1]), "women_bls": float(cells[2])}
        except (ValueError, IndexError) as error:
            raise DataError(f"{file}:{number}: wants two per cents of women: {error}") from error
    return told
