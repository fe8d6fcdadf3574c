"""Objects of JSON files of strangers, with the fields that must hold a text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from genbench.core.errors import DataError, suggestion


def parsed(line: str) -> Any:
    """What a JSON text holds; `DataError` where it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error


def with_texts(raw: Any, names: Iterable[str]) -> dict[str, Any]:
    """The object itself, once it is one and each of these fields holds a text that is not blank."""
    if not isinstance(raw, dict):
        raise DataError(f"a {type(raw).__name__}, not an object")
    for name in names:
        if name not in raw:
            raise DataError(f"no field {name!r}{suggestion(name, sorted(map(str, raw)))}")
        if not isinstance(raw[name], str) or not raw[name].strip():
            raise DataError(f"no text in field {name!r}")
    return raw
