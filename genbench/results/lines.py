"""JSON Lines that survive a kill: each record is flushed to disk, and a torn last line is dropped, not fatal."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genbench.core.errors import ResultsError, RunBroken


def encoded(record: dict[str, Any]) -> bytes:
    """One line of JSON. `ValueError` on NaN or infinity, which JSON does not know; `TypeError` on what is not plain."""
    return (
        json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_plain).encode() + b"\n"
    )


def append(path: Path, record: dict[str, Any]) -> None:
    """Adds one record durably. Raises what `encoded` raises, and `RunBroken` where the disk does not take it.

    A write that fails half-way is taken back, so that no later record stands behind a torn one.
    """
    raw = encoded(record)
    try:
        _append(path, raw)
    except OSError as error:
        raise RunBroken(f"{path} cannot be written: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is no plain value and cannot be recorded")


def _append(path: Path, raw: bytes) -> None:
    is_new = not path.exists()
    with path.open("ab", buffering=0) as handle:
        before = handle.seek(0, os.SEEK_END)
        try:
            if handle.write(raw) < len(raw):
                raise OSError(errno.ENOSPC, "only a part of the record could be written", str(path))
            os.fsync(handle.fileno())
        except OSError:
            handle.truncate(before)
            raise
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a new or renamed file's name as durable as its content, where the system knows how."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
