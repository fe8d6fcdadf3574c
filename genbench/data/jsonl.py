"""The user's own texts as JSON Lines."""

from __future__ import annotations

import json

from genbench.core.data import Dataset, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._texts import decoded, existing, text_dataset


@dataset(modality="text", licence="the user's own")
def jsonl(
    *,
    path: str,
    field: str = "text",
    group: str | None = None,
    held_out: float = 0.25,
    reserve: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """JSON Lines: each line an object whose `field` is the text, and whose `group` field (if named) its group.

    A line that is no such object is named and set aside.
    """
    file = existing(path)
    texts, keys, labels, spoiled = [], [], [], []
    for number, line in enumerate(decoded(file).splitlines(), start=1):
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
    return text_dataset(
        texts,
        keys,
        labels=labels if group else None,
        held_out=held_out,
        reserve=reserve,
        seed=seed,
        quarantined=spoiled,
        name=file.stem,
        licence="the user's own",
        source=str(path),
    )


def _record(line: str, field: str, group: str | None) -> tuple[str, str]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DataError(f"not JSON: {error}") from error
    if isinstance(record, str):
        record = {field: record}
    if not isinstance(record, dict):
        raise DataError(f"a {type(record).__name__}, not an object")
    for name in (field, *([group] if group else [])):
        if name not in record:
            raise DataError(f"no field {name!r}; it has {', '.join(map(repr, record)) or 'none'}")
    text = record[field]
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{field!r} holds no text")
    return text, str(record[group]) if group else ""
