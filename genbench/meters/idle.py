"""What the machine draws doing nothing: said by the meter's own model, or measured before the run begins."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from genbench.core.meter import KnowsIdle, Meter

LENGTH = 1.0  # seconds that this process sleeps while idle power is measured
QUIET = 0.05  # share of the machine's CPU time; above it, others were at work, and idle power is at most what was read


@dataclass(frozen=True)
class Idle:
    """watts and sources ("model", "measured") by component; a component of which nothing is known is absent.

    busy: the share of the machine's CPU time that was used while it was measured; None where nothing was measured.
    """

    watts: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    busy: float | None = None


UNKNOWN = Idle()


def idle_power(meter: Meter, length: float = LENGTH) -> Idle:
    """Of a started meter. A second is spent only where there is a component whose model does not tell."""
    modelled = dict(meter.idle_watts()) if isinstance(meter, KnowsIdle) else {}
    sources = dict.fromkeys(modelled, "model")
    before, began = meter.read(), time.perf_counter()
    unknown = [name for name, method in before.methods.items() if method != "model"] if before else []
    if before is None or not unknown:
        return Idle(modelled, sources)
    time.sleep(length)
    now, seconds = meter.read(), time.perf_counter() - began
    measured: dict[str, float] = {}
    for name in unknown:
        if now is not None and name in now.joules and (used := now.joules[name] - before.joules[name]) >= 0:
            measured[name] = used / seconds
    busy = None
    if now is not None and now.busy_seconds is not None and before.busy_seconds is not None:
        busy = (now.busy_seconds - before.busy_seconds) / (seconds * (os.cpu_count() or 1))
    return Idle({**modelled, **measured}, {**sources, **dict.fromkeys(measured, "measured")}, busy)
