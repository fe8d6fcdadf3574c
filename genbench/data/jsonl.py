"""The user's own texts as JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path

from genbench.core.data import Dataset, Quarantined, dataset
from genbench.core.errors import DataError, suggestion
from genbench.core.places import FileOrFolder
from genbench.data._splits import Shares
from genbench.data._texts import Reading, decoded, text_dataset


@dataset(modality="text", licence="the user's own")
def jsonl(
    *,
    path: str,
    field: str = "text",
    group: str | None = None,
    held_out: float | FileOrFolder = 0.25,
    reserve: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """JSON Lines: each line an object whose `field` is the text, and whose `group` field (if named) its group.

    A line that is no such object is named and set aside. held_out: the share kept from training, or the path of a
    second such file.
    """
    return text_dataset(lambda file: read(file, field, group), path, Shares(held_out, reserve, seed))


def read(file: Path, field: str = "text", group: str | None = None) -> Reading:
    """The texts of a file in order; lines end at \\n alone, since JSON strings may hold other separators."""
    texts, keys, labels, spoiled = [], [], [], []
    for number, line in enumerate(decoded(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            text, label = _record(line, field, group)
        except DataError as error:
            spoiled.append(Quarantined(f"{file}:{number}", str(error)))
            continue
        texts.append(text)
        keys.append(f"line/{number}")
        labels.append(label)
    return Reading(texts, keys, labels if group else None, spoiled)


def _record(line: str, field: str, group: str | None) -> tuple[str, str]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error
    if isinstance(record, str):
        record = {field: record}
    if not isinstance(record, dict):
        raise DataError(f"a {type(record).__name__}, not an object")
    for name in (field, *([group] if group else [])):
        if name not in record:
            raise DataError(f"no field {name!r}{suggestion(name, sorted(record))}")
    text = record[field]
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{field!r} holds no text")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise DataError(f"{field!r} holds half of a surrogate pair, which is no character")
    return text, str(record[group]) if group else ""
