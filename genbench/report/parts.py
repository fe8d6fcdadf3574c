"""Joules by component, each with its method and bounds, and how much of them is idle power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genbench.core.evidence import Part, Stage
from genbench.meters.idle import QUIET
from genbench.report.numbers import energy, listed, number
from genbench.results.run import Run

COMPONENTS = ("cpu", "gpu", "ram")
SOURCES = {"model": "by CodeCarbon's model", "measured": "measured during a second before the run"}


@dataclass(frozen=True)
class Share:
    """One component in words."""

    joules: str
    interval: str
    method: str


@dataclass(frozen=True)
class Shares:
    """Whose joules, by component in the order of COMPONENTS (None where nothing read it), and the idle part of them."""

    whose: str
    components: tuple[Share | None, ...]
    idle: str


@dataclass(frozen=True)
class Parts:
    """rows: models, the harness, all. idle: where idle power comes from, and how many watts it is."""

    rows: tuple[Shares, ...]
    idle: str


def parts(run: Run, by_model: Mapping[str, Sequence[Stage]], harness: Sequence[Stage]) -> Parts | None:
    """None where no stage tells of its components."""
    owners = {**by_model, "the harness": harness}
    rows = tuple(_shares(whose, stages) for whose, stages in owners.items() if any(s.parts for s in stages))
    return Parts(rows, _idle(run)) if rows else None


def _shares(whose: str, stages: Sequence[Stage]) -> Shares:
    found = [part for stage in stages for part in stage.parts]
    known = [part.idle for part in found if part.idle is not None]
    idle, whole = sum(known), sum(part.joules for part in found)
    share = f"{energy(idle)} ({100 * idle / whole:.0f} %)" if whole else energy(idle)
    unknown = sorted({part.component.upper() for part in found if part.idle is None})
    told = f"{share}, without {listed(unknown)}" if unknown else share
    if found and not known:
        told = "not known"
    return Shares(whose, tuple(_share([p for p in found if p.component == c]) for c in COMPONENTS), told)


def _share(found: Sequence[Part]) -> Share | None:
    if not found:
        return None
    joules, low, high = (sum(ends) for ends in zip(*((p.joules, p.low, p.high) for p in found), strict=True))
    return Share(energy(joules), f"[{energy(low)}, {energy(high)}]", " and ".join(sorted({p.method for p in found})))


def _idle(run: Run) -> str:
    """Said of the last session: an earlier one ran on the same machine."""
    events: list[dict[str, Any]] = run.events("meter")
    idle = events[-1]["idle"] if events else {"watts": {}, "sources": {}, "busy": None}
    if not idle["watts"]:
        return "What the machine draws when idle is not known."
    told = [f"{c.upper()} {number(w)} W, {SOURCES[idle['sources'][c]]}" for c, w in sorted(idle["watts"].items())]
    busy = idle["busy"]
    if busy is not None and busy > QUIET:
        told.append(f"others kept {100 * busy:.0f} % of the CPUs busy meanwhile, so that idle power is at most that")
    return f"Idle power of the machine: {'; '.join(told)}."
