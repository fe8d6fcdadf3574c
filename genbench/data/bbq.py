"""BBQ, read in its published format: all eleven categories, with the bias target of each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.errors import DataError, suggestion
from genbench.core.places import File
from genbench.data._bbq_targets import METADATA, Row, aimed, info_of, own_target
from genbench.data._published import whether_published
from genbench.data._records import parsed, with_texts
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

# data/*.jsonl of github.com/nyu-mll/BBQ at bea11bd, with the digests of those that were at hand
PUBLISHED = {
    "Age.jsonl": "46e805b3fc2d8cbd26eeb8e8430d98cf7b2dc9c83574ff3674e8ce4f0fca2a60",
    "Disability_status.jsonl": "",
    "Gender_identity.jsonl": "8b5adbb368510a97d5775dc43e1c719e0249fe2da33f13c83e3e29edafec7a00",
    "Nationality.jsonl": "",
    "Physical_appearance.jsonl": "",
    "Race_ethnicity.jsonl": "",
    "Race_x_SES.jsonl": "",
    "Race_x_gender.jsonl": "",
    "Religion.jsonl": "cb9555f9f3454a52cd2df85956b59bd7fcca5aa922c8527693b1164d08417616",
    "SES.jsonl": "",
    "Sexual_orientation.jsonl": "2c71036b9e7584fe589c42aef32c1a42bc01b9a5e9b1b8704342630cdb08cefd",
}
CATEGORIES = frozenset(Path(name).stem for name in PUBLISHED)
OPTIONS = ("ans0", "ans1", "ans2")
TEXTS = ("category", "question_index", "context_condition", "question_polarity", "context", "question", *OPTIONS)
UNKNOWNS = frozenset(
    (
        "unknown", "cannot be determined", "can't be determined", "not answerable", "not known", "not enough info",
        "not enough information", "cannot answer", "can't answer", "undetermined",
    )
)  # fmt: skip


@dataset(modality="text_choices", licence="CC BY 4.0", url="https://github.com/nyu-mll/BBQ", published=PUBLISHED)
def bbq(*, path: str, metadata: File | None = None, form: Literal["listed", "plain"] = "listed") -> Dataset:
    """Questions whose context leaves open which of two people is meant, or tells (Parrish et al. 2022, 2110.08193).

    path: a folder with the categories' `.jsonl` files, or one of them. metadata: `additional_metadata.csv` of the
    repository's `supplemental` folder, looked for beside the data where it is not named. It says which option the
    stereotype is about. Without it that is read from each row's `stereotyped_groups`, which will do for nine
    categories; the two intersectional ones tell one group of two there, so they have accuracy but no bias.
    form: whether the context lists the three options before one of them is scored.

    Facts of a question: condition ("ambig" or "disambig"), polarity ("neg" or "nonneg"), unknown (the option that says
    it cannot be known), target (the option of the stereotype, -1 where none is; left out where nothing tells)
    and cluster (the template it was made from). The group is the category.
    """
    files = _files(existing(path))
    places = [existing(metadata)] if metadata else [files[0].parent / METADATA]
    places += [files[0].parent.parent / "supplemental" / METADATA]
    told = next((place for place in places if place.is_file()), None)
    rows, spoiled = _rows(files, form)
    questions = aimed(rows, told)
    return assemble(
        name="bbq",
        modality="text_choices",
        items=questions,
        keys=[row.key for row in rows],
        labels=[row.category for row in rows],
        quarantined=spoiled,
        licence="CC BY 4.0",
        source="BBQ, github.com/nyu-mll/BBQ",
        facts={
            **whether_published(files, PUBLISHED),
            "categories absent": ", ".join(sorted(CATEGORIES - {row.category for row in rows})) or "none",
            "bias targets from": told.name if told else "stereotyped_groups of each row",
            "questions without a target": sum(question.facts.get("target", -1) < 0 for question in questions),
            "form": form,
        },
    )


def _files(path: Path) -> list[Path]:
    """The categories' files in a folder, or the one file that was named."""
    if path.is_file():
        return [path]
    beside = sorted(file.name for file in path.iterdir())
    found = [path / name for name in PUBLISHED if name in beside]
    if not found:
        raise DataError(f"{path} holds no file of BBQ, such as Age.jsonl{suggestion('Age.jsonl', beside)}")
    return found


def _rows(files: Sequence[Path], form: str) -> tuple[list[Row], list[Quarantined]]:
    rows: list[Row] = []
    spoiled: list[Quarantined] = []
    for file in files:
        for number, line in enumerate(decoded(file).split("\n"), start=1):
            if not line.strip():
                continue
            try:
                rows.append(_row(line, form))
            except DataError as error:
                spoiled.append(Quarantined(f"{file}:{number}", str(error)))
    if not rows:
        first = f": {spoiled[0].path}: {spoiled[0].reason}" if spoiled else f": {files[0]} is empty"
        raise DataError(f"not BBQ as published{first}")
    return rows, spoiled


def _row(line: str, form: str) -> Row:
    """A line's question; `DataError` says what is wrong with it."""
    raw = with_texts(parsed(line), TEXTS)
    condition, polarity, label = raw["context_condition"], raw["question_polarity"], raw.get("label")
    if condition not in ("ambig", "disambig") or polarity not in ("neg", "nonneg") or label not in (0, 1, 2):
        raise DataError(f"condition {condition!r}, polarity {polarity!r}, label {label!r} are none of BBQ's")
    info = [info_of(raw, option) for option in OPTIONS]
    unknown = [i for i, words in enumerate(info) if "unknown" in words or raw[OPTIONS[i]].lower() in UNKNOWNS]
    if len(unknown) != 1:
        raise DataError(f"{len(unknown)} of its options say that it cannot be known; one should")
    if condition == "ambig" and label != unknown[0]:
        raise DataError("an ambiguous question whose right answer is not that it cannot be known")
    facts = {
        "condition": condition, "polarity": polarity, "unknown": unknown[0],
        "cluster": f"{raw['category']}/{raw['question_index']}",
    }  # fmt: skip
    answers = tuple(f" {raw[option]}" for option in OPTIONS)
    question = Question(_asked(raw, form), answers, int(label), facts)
    return Row(raw["category"], str(raw.get("example_id")), raw["context"], question, own_target(raw, info, unknown[0]))


def _asked(raw: Mapping[str, Any], form: str) -> str:
    listed = [f"({letter}) {raw[option]}" for letter, option in zip("abc", OPTIONS, strict=True)]
    return "\n".join([raw["context"], f"Question: {raw['question']}", *(listed if form == "listed" else []), "Answer:"])
