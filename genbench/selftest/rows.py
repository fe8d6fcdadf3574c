"""A row of the certificate: one metric on one plant at one dose, what was wanted of it and what it did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from genbench.core.score import Interval
from genbench.selftest.plant import Dose, Heard, PlantSpec, probe_of
from genbench.stats.intervals import wilson

Want: TypeAlias = Literal["heard", "silent", "shown"]
JOINTLY = 0.998  # level at which a null is judged: of a hundred exact ones hardly one fails by luck
LOST = 0.1  # share of trials without a score from which a silence proves nothing


@dataclass(frozen=True)
class Demand:
    """What a row asks: of which metric, at which dose, by which criterion, and how often (power, or false alarms)."""

    metric: str
    dose: Dose
    how: str
    want: Want
    share: float

    @property
    def probe(self) -> str:
        return probe_of(self.metric)


@dataclass(frozen=True)
class Row:
    """heard of trials; lost: trials without a score. A row may want a hearing, a silence, or only to be shown."""

    plant: str
    demand: Demand
    heard: int
    trials: int
    lost: int

    @property
    def interval(self) -> Interval:
        return wilson(self.heard, self.trials)

    @property
    def held(self) -> bool:
        """A row holds unless its count shows otherwise.

        A hearing fails where it is clearly rarer than wanted (95 %); a silence where it is clearly more often broken
        than allowed (99.8 %, as exact intervals err just as often as allowed, in many rows), or has no score behind it.
        """
        if self.demand.want == "heard":
            return self.interval.high >= self.demand.share
        if self.demand.want == "silent":
            false = wilson(self.heard, self.trials, JOINTLY)
            return false.low <= self.demand.share and self.lost <= LOST * self.trials
        return True

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        found = self.interval
        return {
            "plant": self.plant, **asdict(self.demand), "heard": self.heard, "trials": self.trials, "lost": self.lost,
            "low": found.low, "high": found.high, "held": self.held,
        }  # fmt: skip


def demands(spec: PlantSpec) -> list[Demand]:
    """Every row of a plant, dose by dose."""
    found: list[Demand] = []
    for place, dose in enumerate(spec.doses):
        found += [
            Demand(heard.metric, dose, heard.how, want, heard.power)
            for heard in spec.must_hear
            if (want := _wanted(heard, spec, place)) is not None
        ]
        silences = [s for s in spec.must_stay_silent if not s.at or dose in s.at]
        found += [Demand(s.metric, dose, s.how, "silent", s.rate) for s in silences]
    silent = {(d.metric, d.dose, d.how) for d in found if d.want == "silent"}
    return [d for d in found if d.want != "shown" or (d.metric, d.dose, d.how) not in silent]


def _wanted(heard: Heard, spec: PlantSpec, place: int) -> Want | None:
    if heard.at:
        return "heard" if spec.doses[place] in heard.at else None
    assert heard.since is not None
    return "heard" if place >= spec.doses.index(heard.since) else "shown"
