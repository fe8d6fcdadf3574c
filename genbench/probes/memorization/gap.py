"""The generalization gap: does the model predict what it was trained on better than what it was not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import LogProbs
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Metric
from genbench.stats.finite import known_nats
from genbench.stats.intervals import ratio_error
from genbench.stats.welch import welch_reach


@probe(
    reports={
        "relative": Metric(
            unit="share of held-out loss",
            better="lower",
            title="Generalization gap",
            summary="How much lower the loss on training items is than on held-out ones, as a share of the latter.",
            reading="0: no overfitting. A large gap says that training items left their mark, not yet that they can be "
            "copied.",
            tolerance=0.25,
            margin=0.02,
        ),
        "nats_per_unit": Metric(
            unit="nats/unit",
            better="lower",
            title="Generalization gap in nats",
            summary="Held-out loss minus training loss per unit.",
            reading="The unit stands in the details.",
            context=True,
        ),
    },
    cites=["Yeom et al. 2018, arXiv:1709.01604"],
    control="an overfit twin",
    truth="train = held-out: 0",
)
def gap(train: LogProbs, held_out: LogProbs) -> Estimates:
    """Held-out minus training loss per unit; nats [n], [m] over units.

    gap = L(held-out) - L(train), L = -sum nats / sum units; relative = gap / |L(held-out)|. Interval: both splits
    random, whole items as the independent parts, Student's t with Welch's degrees of freedom; relative's counts the
    divisor's error too (delta method). Floor 0, at failure up to 1 and beyond. `Absent` where a loss is infinite, and
    relative where the held-out loss is not clearly away from 0, as a density's may be.
    """
    if min(len(train), len(held_out)) < 2:
        raise NotApplicable(f"a gap needs at least 2 items a side, got {len(train)} and {len(held_out)}")
    unit = next(u for u in ("dimension", "byte", *train.counts) if u in train.counts)
    inside, outside = _loss(train, unit, "train"), _loss(held_out, unit, "held_out")
    if isinstance(inside, Absent) or isinstance(outside, Absent):
        because = inside if isinstance(inside, Absent) else outside
        assert isinstance(because, Absent)
        return {"relative": because, "nats_per_unit": because}
    difference = outside.value - inside.value
    detail = Detail(facts={"unit": unit, "train loss": inside.value, "held-out loss": outside.value})
    n = len(train) + len(held_out)
    nats = Estimate(difference, n, _around(difference, inside, outside), 0.0, detail)
    if abs(outside.value) <= 3 * outside.error:
        void = Absent(
            f"the held-out loss, {outside.value:.3g} +- {outside.error:.2g} nats per {unit}, is not clearly away "
            "from 0, so there is no share of it"
        )
        return {"relative": void, "nats_per_unit": nats}
    # relative = sign(L_out) - L_in / |L_out|: its derivatives are 1 / |L_out| and L_in / L_out^2
    scale, ratio = abs(outside.value), abs(inside.value / outside.value)
    interval = _around(difference / scale, inside.times(1 / scale), outside.times(ratio / scale))
    return {"relative": Estimate(difference / scale, n, interval, 0.0, detail), "nats_per_unit": nats}


@dataclass(frozen=True)
class _Loss:
    """Loss per unit, its standard error, and the independent items behind it."""

    value: float
    error: float
    items: int

    def times(self, factor: float) -> _Loss:
        return _Loss(self.value * factor, self.error * factor, self.items)


def _loss(said: LogProbs, unit: str, role: str) -> _Loss | Absent:
    nats, units = -known_nats(said.nats, role), said.counts[unit].astype(np.float64)
    if len(impossible := np.flatnonzero(np.isposinf(nats))):
        return Absent(f"infinite: the model gives item {impossible[0]} of {role} probability 0")
    if units.sum() == 0:
        return Absent(f"the items of {role} hold no {unit}s")
    error, items = ratio_error(nats, units)
    return _Loss(float(nats.sum() / units.sum()), error, items)


def _around(value: float, first: _Loss, second: _Loss) -> Interval:
    """Welch's interval of a difference of two losses (1947)."""
    reach = welch_reach([(side.error**2, side.items) for side in (first, second)])
    return Interval(value - reach, value + reach, 0.95, "linearized, items of both splits random, Welch's t")
