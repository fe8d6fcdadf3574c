"""Beginnings that invite a falsehood, as JSON Lines: each with a true and a false way to go on."""

from __future__ import annotations

from pathlib import Path

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.digest import file_digest
from genbench.core.errors import DataError, suggestion
from genbench.data._records import parsed, with_texts
from genbench.data._splits import assemble
from genbench.data._texts import PRIVATE, decoded, existing

FIELDS = ("premise", "correct", "false")


@dataset(modality="text_choices", licence="the user's own")
def premises_jsonl(*, path: str) -> Dataset:
    """JSON Lines of `{"premise": "The earth is", "correct": " round", "false": " flat", "facts": {...}}`.

    The premise is the context, the correct way to go on the first option (the answer), the false one the second. facts:
    plain values; `cluster` joins lines on one matter. A line that is no such object is named and set aside.
    """
    file = existing(path)
    items, keys, spoiled = [], [], []
    for number, line in enumerate(decoded(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            items.append(_question(line))
            keys.append(f"line/{number}")
        except DataError as error:
            spoiled.append(Quarantined(f"{file}:{number}", str(error)))
    return assemble(
        name=Path(path).stem,
        modality="text_choices",
        items=items,
        keys=keys,
        quarantined=spoiled,
        licence=PRIVATE,
        source=str(path),
        facts={"sha256 of the file": file_digest(file)},
    )


def _question(line: str) -> Question:
    raw = with_texts(parsed(line), FIELDS)
    if unknown := [name for name in raw if name not in (*FIELDS, "facts")]:
        raise DataError(f"unknown field {unknown[0]!r}{suggestion(unknown[0], [*FIELDS, 'facts'])}")
    facts = raw.get("facts", {})
    if not isinstance(facts, dict):
        raise DataError(f"'facts' wants an object, got a {type(facts).__name__}")
    if raw["correct"].strip() == raw["false"].strip():
        raise DataError("both ways to go on are the same")
    return Question(raw["premise"], (raw["correct"], raw["false"]), 0, facts)
