"""`import genbench as gb`: the same instrument from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genbench.results.run import Run
from genbench.run.home import Home
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite
from genbench.run.voice import Voice


def run(
    suite: Suite | str | Path, *, resume: bool = False, device: str | None = None, budget: int | None = None,
    quiet: bool = True,
) -> Run:  # fmt: skip
    """Carries out a suite (or the one of that name or path) and returns the run.

    budget: draw in growing blocks, at most so many samples a model, and stop once every gate is decided.
    Errors: `SuiteError` with every mistake of the file; `UnknownName`; `RunBroken`. Failing models and probes
    do not raise: they are outcomes of the run.
    """
    loaded = suite if isinstance(suite, Suite) else Suite.load(str(suite))
    folder = run_suite(loaded, Options(device=device, resume=resume, budget=budget), Voice(quiet=quiet))
    return Run.load(folder)


def evaluate(
    model: Any, *, data: str | Path | Mapping[str, Any], probes: Sequence[str] = ("*",), n: int = 500, seed: int = 0
) -> Run:
    """Scores any object that has `.sample(seeds)`, `.log_prob(items)` or another capability.

    data: the name of a shipped source ("digits"), a path, or a mapping as in a suite's `data`.
    The object is used as it is; its results are not shared with any other, unless it has an `identity()`.
    """
    from genbench.run.inline import inline_suite

    with inline_suite(model, data=data, probes=probes, n=n, seed=seed) as suite:
        return run(suite)


def load(run: str | Path = "latest") -> Run:
    """A finished or broken run by path, name, beginning of a name, or `latest`."""
    return Run.load(Home.here().find(str(run)))


__all__ = ["Run", "Suite", "evaluate", "load", "run"]
