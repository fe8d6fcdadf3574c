"""Everything GenBench raises on purpose: one tree, and each message says what, where, what was got, what would do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class GenBenchError(Exception):
    """The root. The command line prints its message without a traceback and exits with `exit_code`."""

    exit_code = 2


class NotApplicable(GenBenchError):
    """A probe, lens or model has nothing to say here; the cell becomes `Skipped` with this reason."""


class MissingExtra(NotApplicable):
    """An optional package is absent; the message holds the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        what = f"'genbench[{extra}]'" if extra else package
        super().__init__(f"needs the package {package}: pip install {what}")


class CatalogueError(GenBenchError):
    """A file of the catalogue breaks its contract."""

    def __init__(self, path: object, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


class UnknownName(GenBenchError):
    """A name that the catalogue does not hold."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.known = sorted(known)
        super().__init__(f"no {kind} is named {name!r}{suggestion(name, self.known)}")


@dataclass(frozen=True)
class Mistake:
    """One fault in a user's file. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    problem: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.problem}"


class SuiteError(GenBenchError):
    """All the mistakes of one suite, listed at once."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        head = f"{count} mistake{'s' if count != 1 else ''} in the suite"
        super().__init__("\n".join([head, *(f"  {mistake}" for mistake in self.mistakes)]))


class DataError(GenBenchError):
    """A dataset that cannot be used as it is."""


class ModelError(GenBenchError):
    """A model that cannot be built, loaded, fitted or sampled."""


class LensError(GenBenchError):
    """A lens that cannot see the items it was given."""


class ProbeError(GenBenchError):
    """A probe that cannot trust its own result; the cell becomes `Failed`."""


class ControlFailed(ProbeError):
    """A probe's built-in control did not behave, so its number would mean nothing."""


class ResultsError(GenBenchError):
    """A run folder that cannot be read or written."""


class MeterError(GenBenchError):
    """A meter that cannot be read."""


class RunBroken(GenBenchError):
    """The run itself could not be carried through."""

    exit_code = 4


def suggestion(name: str, known: Sequence[str], shown: int = 12) -> str:
    """`; did you mean 'x'?` when something is near, else `; known: a, b, c`; empty when nothing is known."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    if not known:
        return ""
    more = f" and {len(known) - shown} more" if len(known) > shown else ""
    return f"; known: {', '.join(known[:shown])}{more}"
