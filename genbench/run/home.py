"""Where runs and kept evidence live (`.genbench` or $GENBENCH_HOME), and where a suite's files are looked for."""

from __future__ import annotations

import difflib
import itertools
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from genbench.core.errors import ResultsError, suggestion


@dataclass(frozen=True)
class Home:
    """The folder that holds `runs/` (one folder each) and `cache/` (evidence by content hash)."""

    root: Path

    @classmethod
    def here(cls, root: Path | None = None) -> Home:
        return cls(root or Path(os.environ.get("GENBENCH_HOME") or ".genbench").expanduser())

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def new_run(self, name: str) -> Path:
        """A new, empty folder for a run, named by suite and time (UTC); two processes never get the same."""
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "run"
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        for again in itertools.count(1):
            path = self.runs / (f"{stem}-{stamp}" if again == 1 else f"{stem}-{stamp}-{again}")
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            break
        return path

    def find(self, run: str) -> Path:
        """A run by its path, its exported .jsonl, its folder's name, a name's beginning (the newest), or `latest`."""
        path = Path(run)
        if (path / "run.json").is_file() or (path.suffix == ".jsonl" and path.is_file()):
            return path
        known = self.known()
        matching = [p for p in known if p.name == run] or [
            p for p in known if run == "latest" or (run and p.name.startswith(run))
        ]
        if not matching:
            names = [p.name for p in known]
            where = f"in {self.runs}" if known else f"in {self.runs}, which holds no run yet"
            raise ResultsError(f"no run {run!r} {where}{suggestion(run, names)}")
        return matching[-1]

    def known(self) -> list[Path]:
        """All run folders, oldest first."""
        found = [p.parent for p in self.runs.glob("*/run.json")]
        return sorted(found, key=lambda p: ((p / "run.json").stat().st_mtime_ns, p.name))


def exists(path: str | Path) -> bool:
    """Whether something stands at a path; no for what can be none."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long for a name, or holding a NUL
        return False


def found_at(path: str, beside: Path) -> str:
    """Where a suite's path leads: beside the suite, from where one is, or below $GENBENCH_DATA; "" where nowhere.

    The last is the folder of one's benchmarks, in it a folder for each data source, as `genbench data` lists them.
    """
    if not path:
        return ""
    if exists(beside / path):
        return str((beside / path).resolve())
    if exists(path):
        return path
    data = os.environ.get("GENBENCH_DATA", "")
    below = Path(data).expanduser() / path
    return str(below.resolve()) if data and exists(below) else ""


def nearest(path: str, beside: Path) -> str:
    """`; did you mean 'x'?` where a name like it lies in one of the folders that `found_at` looks in; else empty."""
    if not path:
        return ""
    data = os.environ.get("GENBENCH_DATA", "")
    for root in (beside, Path(), *([Path(data).expanduser()] if data else [])):
        try:
            names = sorted(other.name for other in (root / path).parent.iterdir())
        except (OSError, ValueError):  # no folder, one that may not be read, or no name at all
            continue
        if near := difflib.get_close_matches(Path(path).name, names, n=1, cutoff=0.6):
            return f"; did you mean {path.rpartition(Path(path).name)[0] + near[0]!r}?"
    return ""
