"""A meter reads energy counters; the ledger of a run turns readings into stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

JOULES_PER_KWH = 3.6e6
SHORTEST = 0.5  # seconds; of a shorter stage, a reading says more about the meter than about the stage


@dataclass(frozen=True)
class Reading:
    """What the whole machine has used since the meter was started.

    joules: by component ("cpu", "gpu", "ram"). methods: how each was found: "counter" (an energy counter), "sampled"
    (power, read every second or so) or "model" (rated power and load).
    busy_seconds: CPU seconds of all processes together, by which a shared machine is divided; None where unknown.
    ranges: joules at which a component's counter begins at 0 again, where that is known and the meter does not itself
    see to it. lost: components of which the meter could not follow its counter since the reading before.
    """

    joules: Mapping[str, float]
    methods: Mapping[str, str]
    busy_seconds: float | None = None
    ranges: Mapping[str, float] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


@runtime_checkable
class Meter(Protocol):
    """Started once per run, read at every stage boundary, stopped once."""

    def start(self) -> None: ...

    def read(self) -> Reading | None: ...

    def stop(self) -> None: ...


@runtime_checkable
class KnowsIdle(Protocol):
    """A meter whose models say what a component draws when nothing is done: {component: watts}."""

    def idle_watts(self) -> Mapping[str, float]: ...


@runtime_checkable
class KeepsTotal(Protocol):
    """A meter that keeps its own books: joules of the machine by component from its start to its stop, as it sums."""

    def own_total(self) -> Mapping[str, float]: ...
