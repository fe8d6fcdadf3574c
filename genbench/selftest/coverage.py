"""How often each interval holds a value that is known: 95 times in 100, if it is what it says.

The cases lie in `selftest/intervals/`, one file a subject, each with its own `CASES`; a new file there is found.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genbench.core.chance import stream
from genbench.core.evidence import Rng
from genbench.core.score import Estimate, Interval
from genbench.selftest import intervals
from genbench.selftest.plant import Dose, Scene, Trial, probe_of
from genbench.selftest.rows import JOINTLY
from genbench.selftest.trials import ask, probe_by_id
from genbench.stats.intervals import wilson

NOMINAL = 0.95
QUICK, THOROUGH = 100, 1000


@dataclass(frozen=True)
class Case:
    """An interval's method on data whose truth is known.

    draw: data and the interval of them, None where there is none. metrics: of probes, whose intervals these are.
    miss: why the method is known to hold the truth less often here, in a sentence for the table; else empty. least:
    how often it is known to hold it then; whoever names a miss names that, and falls below it only with an error.
    """

    method: str
    data: str
    truth: float
    draw: Callable[[Rng], Interval | None]
    metrics: tuple[str, ...] = ()
    miss: str = ""
    least: float = NOMINAL
    path: Path = Path()

    def __post_init__(self) -> None:
        if bool(self.miss) != (self.least < NOMINAL):
            raise ValueError(f"{self.name}: a known miss has its reason and the coverage to expect, or neither")

    @property
    def name(self) -> str:
        return f"{self.method}: {self.data}"

    @property
    def probes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(probe_of, self.metrics)))


@functools.cache
def cases() -> tuple[Case, ...]:
    """All cases, file by file. `path` says where each stands."""
    found: list[Case] = []
    for file in pkgutil.iter_modules(intervals.__path__):
        module = importlib.import_module(f"{intervals.__name__}.{file.name}")
        found += [replace(case, path=Path(str(module.__file__))) for case in module.CASES]
    return tuple(found)


@dataclass(frozen=True)
class Covered:
    """covered of runs; and how many runs gave no interval."""

    method: str
    data: str
    truth: float
    covered: int
    runs: int
    lost: int
    metrics: tuple[str, ...]
    miss: str = ""
    least: float = NOMINAL

    @property
    def interval(self) -> Interval:
        return wilson(self.covered, self.runs)

    @property
    def held(self) -> bool:
        """Not clearly below 95 %, or below the `least` that a known miss names. Above it is only wider than it need be.

        The level is that of rows, 99.8 %: of a table of exact methods some line would else look narrow by luck.
        """
        return self._high >= self.least

    @property
    def narrow(self) -> bool:
        return self._high < NOMINAL

    @property
    def _high(self) -> float:
        return wilson(self.covered, self.runs, JOINTLY).high

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        found = self.interval
        return {
            "method": self.method, "data": self.data, "truth": self.truth, "covered": self.covered, "runs": self.runs,
            "lost": self.lost, "metrics": list(self.metrics), "low": found.low, "high": found.high, "held": self.held,
            "miss": self.miss, "least": self.least,
        }  # fmt: skip


def cover(case: Case, runs: int, tell: Callable[[int, int], None] = lambda done, total: None) -> Covered:
    """Draws the case again and again. A run without an interval is no cover."""
    covered = lost = 0
    for i in range(runs):
        found = case.draw(stream(0, "coverage", case.name, i))
        if found is None:
            lost += 1
        elif found.low - 1e-12 <= case.truth <= found.high + 1e-12:
            covered += 1
        tell(i + 1, runs)
    return Covered(case.method, case.data, case.truth, covered, runs, lost, case.metrics, case.miss, case.least)


def by_probe(
    metric: str, scene: Callable[[Rng], Scene], *, from_floor: bool = False
) -> Callable[[Rng], Interval | None]:
    """The interval that the probe gives for one drawn scene. from_floor: it is read as what lies past the floor."""
    probe_id, _, name = metric.rpartition(".")

    def draw(rng: Rng) -> Interval | None:
        found = ask(probe_by_id(probe_id), scene(rng), seed=int(rng.integers(2**31)))[name]
        if not isinstance(found, Estimate) or found.interval is None:
            return None
        floor = (found.floor or 0.0) if from_floor else 0.0
        return Interval(found.interval.low - floor, found.interval.high - floor)

    return draw


def planted(plant: Callable[..., Scene], dose: Dose, n: int = 200) -> Callable[[Rng], Scene]:
    """Scenes of a plant at one dose, with n outputs: for a case whose truth that plant knows."""
    return lambda rng: plant(dose, Trial(n, rng, int(rng.integers(2**31))))
