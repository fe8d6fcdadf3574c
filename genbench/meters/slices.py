"""What a slice of time between two readings cost, by component: whole, this process's own, and idle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from genbench.core.meter import Reading

SHARED = ("cpu", "ram")  # components divided by CPU-seconds where other processes use the machine as well
HOUR = 3600.0


@dataclass(frozen=True)
class Slice:
    """One component in one slice. whole: joules of the machine. own: of these, this process's. idle: of own, what the
    component would have drawn doing nothing, in the same share; None where nobody knows. Where the counter could not be
    followed, `lost` says why and the joules are 0.
    """

    component: str
    method: str
    whole: float
    own: float
    idle: float | None = None
    lost: str = ""


def slices(
    before: Reading, now: Reading, seconds: float, own_seconds: float, idle_watts: Mapping[str, float]
) -> Iterator[Slice]:
    """One slice per component that `now` tells of.

    Own: all of a GPU's joules, and of the rest the share that this process has of all CPU seconds. A counter that went
    down has begun anew: with its range known, what it showed is range - before + now; else nothing can be said of it.
    """
    share = cpu_share(before, now, own_seconds)
    for component, shown in now.joules.items():
        method = now.methods[component]
        if component not in before.joules or component in now.lost:
            yield Slice(component, method, 0.0, 0.0, lost=f"the {component} counter could not be followed")
            continue
        used = shown - before.joules[component]
        if used < 0:
            full = now.ranges.get(component)
            if full is None or before.joules[component] > full:
                went = f"went back from {before.joules[component]:.6g} to {shown:.6g} J"
                lost = f"the {component} counter {went}, and its range is not known"
                yield Slice(component, method, 0.0, 0.0, lost=lost)
                continue
            used += full
        part = share if component in SHARED else 1.0
        watts = idle_watts.get(component)
        idle = None if watts is None else min(used, watts * seconds) * part
        yield Slice(component, method, used, used * part, idle)


def cpu_share(before: Reading, now: Reading, own_seconds: float) -> float:
    """This process's share of all CPU seconds of the slice; 1 where nobody else's are known."""
    if before.busy_seconds is None or now.busy_seconds is None:
        return 1.0
    busy = now.busy_seconds - before.busy_seconds
    return min(1.0, own_seconds / busy) if busy > 0 else 1.0


def by_hour(start: float, end: float, joules: float) -> dict[str, float]:
    """Joules of a slice by hour (UTC, 2026-01-02T03), spread evenly over its time; start and end in Unix seconds."""
    if end <= start:
        return {_name(start): joules}
    found: dict[str, float] = {}
    at = start
    while at < end:
        until = min(end, (at // HOUR + 1) * HOUR)
        found[_name(at)] = joules * (until - at) / (end - start)
        at = until
    return found


def _name(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H}"
