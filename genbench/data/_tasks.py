"""Benchmarks of one's own: JSON Lines whose fields fill templates such as "{passage}\\nQ: {question}"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from genbench.core.data import Dataset, Item, Quarantined
from genbench.core.digest import file_digest
from genbench.core.errors import DataError, suggestion
from genbench.data._records import parsed
from genbench.data._splits import assemble
from genbench.data._texts import PRIVATE, decoded, existing

Record: TypeAlias = Mapping[str, Any]
BLANK = re.compile(r"\{([A-Za-z_][\w.-]*)\}")


@dataclass(frozen=True)
class Labels:
    """The fields that say which group a record counts with, and which records share a context; None: no such field."""

    group: str | None = None
    cluster: str | None = None

    def facts(self, record: Record) -> dict[str, Any]:
        return {} if self.cluster is None else {"cluster": filled(f"{{{self.cluster}}}", record)}


def task(path: str, modality: str, labels: Labels, item: Callable[[Record], Item]) -> Dataset:
    """The items that a file's records make, in order; a line that makes none is named and set aside."""
    file = existing(path)
    items, keys, groups, spoiled = [], [], [], []
    for number, line in enumerate(decoded(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = parsed(line)
            if not isinstance(record, dict):
                raise DataError(f"a {type(record).__name__}, not an object")
            made = item(record)
            group = filled(f"{{{labels.group}}}", record) if labels.group else ""
        except DataError as error:
            spoiled.append(Quarantined(f"{file}:{number}", str(error)))
            continue
        items.append(made)
        groups.append(group)
        keys.append(f"line/{number}")
    return assemble(
        name=Path(path).stem,
        modality=modality,
        items=items,
        keys=keys,
        labels=groups if labels.group else None,
        quarantined=spoiled,
        licence=PRIVATE,
        source=str(path),
        facts={"sha256 of the file": file_digest(file)},
    )


def filled(template: str, record: Record) -> str:
    """The template with each `{field}` replaced by that field's text or number; other braces stand as they are."""

    def text(found: re.Match[str]) -> str:
        value = field(record, found[1])
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise DataError(f"field {found[1]!r} wants a text or a number, got {_kind(value)}")
        return sound(value, found[1]) if isinstance(value, str) else str(value)

    return BLANK.sub(text, template)


def field(record: Record, name: str) -> Any:
    """The value of a field; `answers.text` is field `text` of field `answers`."""
    value: Any = record
    for at, part in enumerate((name,) if name in record else name.split(".")):
        if not isinstance(value, dict):
            raise DataError(f"no field {name!r}: {'.'.join(name.split('.')[:at])!r} is {_kind(value)}")
        key = name if name in record else part
        if key not in value:
            raise DataError(f"no field {name!r}{suggestion(key, sorted(map(str, value)))}")
        value = value[key]
    return value


def texts(record: Record, name: str) -> list[str]:
    """A field's list of texts, or its one text; at least one, and none empty."""
    value = field(record, name)
    found: Sequence[Any] = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(text, str) and text for text in found):
        raise DataError(f"field {name!r} wants a text or a list of texts, none of them empty")
    return [sound(text, name) for text in found]


def lengths(options: Sequence[str]) -> dict[str, list[int]]:
    """The size of each option by itself, without what stands before it: lm-evaluation-harness divides by these."""
    return {
        "character": [len(option) for option in options],
        "byte": [len(option.encode("utf-8", "surrogatepass")) for option in options],
    }


def sound(text: str, name: str) -> str:
    """The text, once every character of it is one."""
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise DataError(f"field {name!r} holds half of a surrogate pair, which is no character")
    return text


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}.get(
        type(value), f"a {type(value).__name__}"
    )
