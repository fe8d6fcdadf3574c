"""A run as one file of JSON Lines, such as a baseline that a repository keeps: all of it but its renderings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genbench.core.errors import ResultsError
from genbench.core.lens import Rendering
from genbench.results import lines
from genbench.results.evidence_files import write_whole
from genbench.results.store import Header, RunFolder, header_of

NAMES = ("outcomes", "stages", "events")


@dataclass(frozen=True)
class Archive(RunFolder):
    """What `write_archive` wrote, read as a run folder is. It shows no items and takes no further records."""

    @classmethod
    def read(cls, path: Path) -> Archive:
        """`ResultsError` where the file holds no run, or a part of one: its last line says how many there are."""
        try:
            header, *_, end = (json.loads(line) for line in path.read_bytes().splitlines())
            whole = end["end"] == path.read_bytes().count(b"\n")
            plain = header["run"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ResultsError(f"{path} holds no run as `genbench export RUN FILE.jsonl` writes it") from error
        if not whole:
            raise ResultsError(f"{path} is not whole: {path.read_bytes().count(10)} lines, written with {end['end']}")
        return cls(path, header_of(plain, path))

    @property
    def status(self) -> str:
        return str(json.loads(self.path.read_bytes().splitlines()[0])["status"])

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        return (record[name] for record in lines.read(self.path) if name in record)

    def rendering(self, owner: str, role: str, index: int) -> Rendering | None:
        return None


def write_archive(folder: RunFolder, file: Path) -> None:
    """The header and status, then each record under the name of its file, then the number of lines; all or nothing."""
    header: Header = folder.header
    written = [lines.encoded({"run": asdict(header), "status": folder.status})]
    written += [lines.encoded({name: record}) for name in NAMES for record in folder.records(name)]
    written.append(lines.encoded({"end": len(written) + 1}))
    write_whole(file, b"".join(written))
