"""The generalization gap: does the model predict what it was trained on better than what it was not?"""

from __future__ import annotations

import math

import numpy as np

from genbench.core.evidence import LogProbs
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Metric
from genbench.stats.intervals import normal_interval, ratio_interval


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
    random, whole items as the independent parts. Floor 0, at failure up to 1 and beyond.
    """
    unit = next(u for u in ("dimension", "byte", *train.counts) if u in train.counts)
    (inside, error_in), (outside, error_out) = (_loss(said, unit) for said in (train, held_out))
    difference, error = outside - inside, math.hypot(error_in, error_out)
    scale = abs(outside) or 1.0
    detail = Detail(facts={"unit": unit, "train loss": inside, "held-out loss": outside})
    n = len(train) + len(held_out)
    method = "linearized, items of both splits random"
    return {
        "relative": Estimate(
            difference / scale, n, normal_interval(difference / scale, error / scale, method=method), 0.0, detail
        ),
        "nats_per_unit": Estimate(difference, n, normal_interval(difference, error, method=method), 0.0, detail),
    }


def _loss(said: LogProbs, unit: str) -> tuple[float, float]:
    """(loss per unit, standard error)."""
    nats, units = -said.nats.astype(np.float64), said.counts[unit].astype(np.float64)
    interval = ratio_interval(nats, units)
    return float(nats.sum() / units.sum()), (interval.high - interval.low) / 2 / 1.96
