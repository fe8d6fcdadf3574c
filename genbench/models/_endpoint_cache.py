"""Answers of an endpoint on disk, one file each: a killed run loses none that had come."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any

from genbench.core.errors import RunBroken


class KeptAnswers:
    """JSON records by key below a folder; in memory alone where that is None.

    A file is whole or absent: it is written beside its place, flushed, and moved. One that cannot be read is absent.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._memory: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """The record, or None."""
        if self.folder is None:
            return self._memory.get(key)
        path = self._file(key)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
            return None

    def put(self, key: str, record: Any) -> None:
        """Keeps a record of plain values. `RunBroken` where the disk is full or read-only."""
        if self.folder is None:
            self._memory[key] = record
            return
        path = self._file(key)
        new = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("wb") as handle:
                handle.write(json.dumps(record).encode())
                handle.flush()
                os.fsync(handle.fileno())
            new.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise RunBroken(f"{path} cannot be written: {error}") from error

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"
