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

from genbench.core.evidence import Part, Stage
from genbench.core.meter import SHORTEST, KeepsTotal, Meter, Reading
from genbench.meters.idle import UNKNOWN, Idle
from genbench.meters.null import NullMeter
from genbench.meters.slices import Slice, by_hour, slices

HARNESS = "harness"
# Relative errors that bound an interval. Counters: RAPL and NVML, as their makers state them. Models: errors of up to
# 40 % were found when CodeCarbon was held against external meters (Fischer 2025, arXiv:2509.22092). Power read now and
# then: the sensor of an A100 or H100 sees a quarter of the time (Yang et al. 2023, arXiv:2312.02741); no better bound.
ERROR = {"counter": 0.05, "sampled": 0.40, "model": 0.40}


@dataclass
class Spent:
    """What a stage has used so far, and, once it is closed, its record."""

    name: str
    model: str = ""
    samples: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    joules: dict[tuple[str, str], float] = field(default_factory=dict)  # by component and method
    idle: dict[tuple[str, str], float | None] = field(default_factory=dict)
    hours: dict[str, float] = field(default_factory=dict)
    lost: bool = False  # a part of it was not read, and part of a cost is not the cost
    closed: Stage | None = None

    @property
    def stage(self) -> Stage:
        """The record. `ValueError` while the stage is still open."""
        if self.closed is None:
            raise ValueError(f"the stage {self.name!r} is not closed yet")
        return self.closed

    def add(self, found: Slice) -> None:
        key = (found.component, found.method)
        known = self.idle.get(key, 0.0)
        self.joules[key] = self.joules.get(key, 0.0) + found.own
        self.idle[key] = None if found.idle is None or known is None else known + found.idle

    def take(self, other: Spent) -> None:
        """Adds the joules of a stage that is too short to have any."""
        for (component, method), joules in other.joules.items():
            self.add(Slice(component, method, joules, joules, other.idle[component, method]))
        for hour, joules in other.hours.items():
            self.hours[hour] = self.hours.get(hour, 0.0) + joules
        self.lost |= other.lost

    def parts(self) -> tuple[Part, ...]:
        return tuple(
            Part(component, method, j, j * (1 - ERROR[method]), j * (1 + ERROR[method]), self.idle[component, method])
            for (component, method), j in sorted(self.joules.items())
        )


@dataclass(frozen=True)
class Moment:
    """One reading of every clock. cpu_seconds: of this process and the children it has waited for. at: Unix time."""

    at: float
    seconds: float
    cpu_seconds: float
    reading: Reading | None


class Ledger:
    """Opened once per run on a started meter. `keep` is told of each stage as it closes, in order.

    machine: joules of the whole machine so far, by component; charged: of these, what went to stages. before: what the
    meter had already counted when the ledger was entered.
    """

    def __init__(
        self,
        meter: Meter,
        keep: Callable[[str, Stage], None] = lambda model, stage: None,
        say: Callable[[str], None] = lambda message: None,
        idle: Idle = UNKNOWN,
    ) -> None:
        self.meter, self.keep, self.say, self.idle = meter, keep, say, idle
        self.stages: list[tuple[str, Stage]] = []
        self.machine: dict[str, float] = {}
        self.charged: dict[str, float] = {}
        self.before: dict[str, float] = {}
        self._harness = Spent(HARNESS)
        self._open: list[Spent] = []
        self._last = self._now()

    def __enter__(self) -> Ledger:
        self._last = self._now()
        self.before = dict(self._last.reading.joules) if self._last.reading else {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Charges the rest to the harness, keeps its record and stops the meter."""
        self._settle()
        self._close(self._harness)
        with suppress(Exception):  # nothing is read from it any more
            self.meter.stop()

    def own_total(self) -> dict[str, float] | None:
        """What the meter itself sums up to, by component, once it is stopped; None where it keeps no books."""
        return dict(self.meter.own_total()) if isinstance(self.meter, KeepsTotal) else None

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
        short = spent is not self._harness and spent.seconds < SHORTEST
        if short:
            self._harness.take(spent)
        parts = () if short or spent.lost else spent.parts()
        spent.closed = Stage(
            spent.name, spent.seconds, spent.cpu_seconds,
            joules=sum(p.joules for p in parts) if parts else None,
            joules_low=sum(p.low for p in parts) if parts else None,
            joules_high=sum(p.high for p in parts) if parts else None,
            method="+".join(sorted({p.method for p in parts})) or "none", samples=spent.samples, parts=parts,
            hours=tuple(sorted(spent.hours.items())) if parts else (),
        )  # fmt: skip
        self.stages.append((spent.model, spent.closed))
        self.keep(spent.model, spent.closed)

    def _settle(self) -> None:
        now, before = self._now(), self._last
        owner = self._open[-1] if self._open else self._harness
        own, seconds = max(0.0, now.cpu_seconds - before.cpu_seconds), now.seconds - before.seconds
        owner.seconds += seconds
        owner.cpu_seconds += own
        if now.reading is None or before.reading is None:
            owner.lost = True
        else:
            for found in slices(before.reading, now.reading, seconds, own, self.idle.watts):
                self._charge(owner, found, before, now)
        self._last = now

    def _charge(self, owner: Spent, found: Slice, before: Moment, now: Moment) -> None:
        if found.lost:
            took = now.seconds - before.seconds
            self.say(f"{found.lost}: what {took:.2f} s of {owner.name} used is not known, and not counted as nothing")
            owner.lost = True
            return
        owner.add(found)
        for hour, joules in by_hour(before.at, before.at + now.seconds - before.seconds, found.own).items():
            owner.hours[hour] = owner.hours.get(hour, 0.0) + joules
        self.machine[found.component] = self.machine.get(found.component, 0.0) + found.whole
        self.charged[found.component] = self.charged.get(found.component, 0.0) + found.own

    def _now(self) -> Moment:
        return Moment(time.time(), time.perf_counter(), cpu_seconds(), self._reading())

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
