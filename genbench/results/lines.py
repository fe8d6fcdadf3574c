"""JSON Lines that survive a kill: each record is flushed to disk, and a torn last line is dropped, not fatal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genbench.core.errors import ResultsError


def append(path: Path, record: dict[str, Any]) -> None:
    """Adds one record durably. `ValueError` on NaN or infinity, which JSON does not know."""
    raw = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    with path.open("ab") as handle:
        handle.write(raw)
        handle.flush()
        os.fsync(handle.fileno())


def mend(path: Path) -> None:
    """Cuts off a torn last line, so that the next record starts on a line of its own."""
    if not path.exists():
        return
    raw = path.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with path.open("r+b") as handle:
            handle.truncate(whole)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """All whole records in order. A broken line before the last is a `ResultsError` naming it."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if line:
            try:
                yield json.loads(line)
            except ValueError as error:
                if number == path.read_bytes().count(b"\n") + 1:
                    return  # torn: the process died while writing it
                raise ResultsError(f"{path}:{number}: not a JSON record: {error}") from error
