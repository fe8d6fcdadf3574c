"""The run's own account of wall time, CPU time and joules: every moment belongs to one stage, so stages sum to all.

A boundary between stages closes a slice of time and charges it to the innermost open stage, or, where none is open, to
the harness. What a stage costs is thus its own, without the stages within it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType

from genbench.core.evidence import Stage
from genbench.core.meter import Meter, Reading
from genbench.meters.null import NullMeter

SHORTEST = 0.5  # seconds; the joules of a shorter stage go to the harness, as no meter resolves them
HARNESS = "harness"
# Relative errors that bound an interval. Counters: RAPL and NVML, as their makers state them. Models: errors of up to
# 40 % were found when CodeCarbon was held against external meters (Fischer 2025, arXiv:2509.22092).
ERROR = {"counter": 0.05, "model": 0.40}
SHARED = ("cpu", "ram")  # components divided by CPU-seconds where other processes use the machine as well


@dataclass
class Spent:
    """What a stage has used so far, and, once it is closed, its record."""

    name: str
    model: str = ""
    samples: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    joules: dict[str, float] = field(default_factory=dict)  # by method
    closed: Stage | None = None

    @property
    def stage(self) -> Stage:
        """The record. `ValueError` while the stage is still open."""
        if self.closed is None:
            raise ValueError(f"the stage {self.name!r} is not closed yet")
        return self.closed


@dataclass(frozen=True)
class Moment:
    """One reading of every clock. cpu_seconds: of this process and the children it has waited for."""

    seconds: float
    cpu_seconds: float
    reading: Reading | None


class Ledger:
    """Opened once per run on a started meter. `keep` is told of each stage as it closes, in order."""

    def __init__(
        self,
        meter: Meter,
        keep: Callable[[str, Stage], None] = lambda model, stage: None,
        say: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.meter, self.keep, self.say = meter, keep, say
        self.stages: list[tuple[str, Stage]] = []
        self._harness = Spent(HARNESS)
        self._open: list[Spent] = []
        self._last = self._now()

    def __enter__(self) -> Ledger:
        self._last = self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Charges the rest to the harness, keeps its record and stops the meter."""
        self._settle()
        self._close(self._harness)
        with suppress(Exception):  # nothing is read from it any more
            self.meter.stop()

    @contextmanager
    def stage(self, name: str, *, model: str = "", samples: int = 0) -> Iterator[Spent]:
        """What the block uses, apart from stages within it; recorded as well where the block fails."""
        self._settle()
        spent = Spent(name, model, samples)
        self._open.append(spent)
        try:
            yield spent
        finally:
            self._settle()
            self._open.pop()
            self._close(spent)

    def _close(self, spent: Spent) -> None:
        known = dict(spent.joules)
        if spent is not self._harness and spent.seconds < SHORTEST:
            for method, joules in known.items():
                self._harness.joules[method] = self._harness.joules.get(method, 0.0) + joules
            known = {}
        spent.closed = Stage(
            spent.name, spent.seconds, spent.cpu_seconds,
            joules=sum(known.values()) if known else None,
            joules_low=sum(j * (1 - ERROR[m]) for m, j in known.items()) if known else None,
            joules_high=sum(j * (1 + ERROR[m]) for m, j in known.items()) if known else None,
            method="+".join(sorted(known)) or "none", samples=spent.samples,
        )  # fmt: skip
        self.stages.append((spent.model, spent.closed))
        self.keep(spent.model, spent.closed)

    def _settle(self) -> None:
        now, before = self._now(), self._last
        owner = self._open[-1] if self._open else self._harness
        own = max(0.0, now.cpu_seconds - before.cpu_seconds)
        owner.seconds += now.seconds - before.seconds
        owner.cpu_seconds += own
        for method, joules in _attributed(before.reading, now.reading, own).items():
            owner.joules[method] = owner.joules.get(method, 0.0) + joules
        self._last = now

    def _now(self) -> Moment:
        return Moment(time.perf_counter(), cpu_seconds(), self._reading())

    def _reading(self) -> Reading | None:
        """What the meter says. One that breaks is said once, and the run goes on without: a run needs no energy."""
        try:
            return self.meter.read()
        except Exception as error:
            self.say(f"energy is no longer measured: {type(error).__name__}: {error}")
            self.meter = NullMeter()
            return None


def cpu_seconds() -> float:
    """CPU time in seconds of this process and of the children it has waited for."""
    children = os.times()  # counted in ticks of 10 ms; this process itself much finer
    return time.process_time() + children.children_user + children.children_system


def _attributed(before: Reading | None, now: Reading | None, own_seconds: float) -> dict[str, float]:
    """{method: joules} of the slice that are this process's: all of a GPU's, its CPU-second share of the rest."""
    if before is None or now is None:
        return {}
    share = 1.0
    if before.busy_seconds is not None and now.busy_seconds is not None:
        busy = now.busy_seconds - before.busy_seconds
        share = min(1.0, own_seconds / busy) if busy > 0 else 1.0
    found: dict[str, float] = {}
    for component, total in now.joules.items():
        used = max(0.0, total - before.joules.get(component, 0.0)) * (share if component in SHARED else 1.0)
        method = now.methods[component]
        found[method] = found.get(method, 0.0) + used
    return found
