"""Where suites lie: those that come with the package, by name, and all others by path."""

from __future__ import annotations

from pathlib import Path

from genbench.core.errors import GenBenchError, suggestion
from genbench.run.home import exists


def shipped_suites() -> dict[str, Path]:
    """The suites that come with the package, by name."""
    package = Path(__file__).parent.parent
    for folder in (package / "shipped_suites", package.parent / "suites"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def find_suite(suite: str) -> Path:
    """The file of a suite given by path or shipped name."""
    if exists(suite) and Path(suite).is_file():
        return Path(suite)
    shipped = shipped_suites()
    if suite in shipped:
        return shipped[suite]
    what = "a folder, not a suite's file" if exists(suite) else "neither a file nor a shipped suite"
    raise GenBenchError(f"no suite {suite!r}: {what}{suggestion(suite, list(shipped))}")
