"""Electricity and greenhouse gas of each model: of running it, and, apart from that, of having made the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genbench.core.evidence import Stage
from genbench.core.score import Score, Skipped
from genbench.report.cast import Member
from genbench.report.numbers import duration, figures, number
from genbench.results.run import Run

SECONDS_PER_YEAR = 365.25 * 86400


@dataclass(frozen=True)
class Carbon:
    """One model's row. running: of its electricity, empty where it is not known; embodied: empty where it is off."""

    member: Member
    electricity: str
    running: str
    interval: str
    how: str
    embodied: str


@dataclass(frozen=True)
class Footprints:
    """embodied: how the machine's own carbon is shared out; empty where the suite does not give it."""

    rows: tuple[Carbon, ...]
    embodied: str


def footprints(run: Run, members: Mapping[str, Member], by_model: Mapping[str, Sequence[Stage]]) -> Footprints | None:
    """None where neither the place of the electricity nor the making of the machine is known."""
    made = dict(run.header.suite.get("meters") or {}).get("embodied")
    scores = {(s.model, s.id): s for s in run.measured if s.probe == "energy.footprint"}
    if not made and not any(id == "energy.footprint.grams_co2e" for _, id in scores):
        return None
    why = {s.model: s.because for s in run.skipped if isinstance(s, Skipped) and s.metric == "grams_co2e"}
    rows = []
    for name, stages in by_model.items():
        used, grams = (scores.get((name, f"energy.footprint.{m}")) for m in ("kilowatt_hours", "grams_co2e"))
        told = figures(grams.estimate) if grams else None
        rows.append(
            Carbon(
                members[name],
                f"{figures(used.estimate).value} kWh" if used else "",
                f"{told.value} g" if told else "",
                told.interval if told else "",
                _grid(grams) if grams else why.get(name, "not asked for"),
                f"{number(embodied(sum(s.seconds for s in stages), made))} g" if made else "",
            )
        )
    return Footprints(tuple(rows), _shared_out(made) if made else "")


def embodied(seconds: float, made: Mapping[str, float]) -> float:
    """Grams of CO2e of making the machine that fall to so many seconds of its life."""
    return 1000 * made["kg_co2e"] * seconds / (made["lifetime_years"] * SECONDS_PER_YEAR)


def _grid(score: Score) -> str:
    facts: Mapping[str, Any] = score.estimate.detail.facts
    pue = facts.get("PUE")
    building = f", PUE {pue:g}" if isinstance(pue, int | float) else ", no PUE given"
    return f"{facts.get('grid')}, {number(float(facts['gCO2e per kWh']))} g per kWh{building}"


def _shared_out(made: Mapping[str, float]) -> str:
    life = duration(made["lifetime_years"] * SECONDS_PER_YEAR)
    return (
        f"Making the machine: {number(made['kg_co2e'])} kg CO2e, the suite's figure, shared out over "
        f"{made['lifetime_years']:g} years ({life}) by wall time. It is in no other number of this report."
    )
