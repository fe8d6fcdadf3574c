"""Small real suites that run in a second or two."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

Runs = Callable[..., Run]


@pytest.fixture
def run_of(tmp_path: Path) -> Runs:
    """Runs a suite of plain values in a home of its own and reads the folder; no meter unless asked for."""

    def run(*, home: str = "home", resume: bool = False, budget: int | None = None, **parts: Any) -> Run:
        suite = Suite.from_mapping({"name": "small", "meters": {"meter": "none"}, **parts})
        options = Options(home=tmp_path / home, resume=resume, budget=budget, device="cpu")
        return Run.load(run_suite(suite, options))

    return run


def values(run: Run) -> dict[tuple[str, str], tuple[float, float | None, float | None, float | None]]:
    """{(model, score): (value, low, high, floor)} of every score that the same suite repeats exactly."""
    return {
        (s.model, f"{s.id}@{s.lens}"): (
            s.estimate.value,
            s.estimate.interval.low if s.estimate.interval else None,
            s.estimate.interval.high if s.estimate.interval else None,
            s.estimate.floor,
        )
        for s in run.measured
        if s.definition.repeatable
    }
