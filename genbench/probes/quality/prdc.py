"""Are outputs realistic (precision, density), and do they cover the real items (recall, coverage)?"""

from __future__ import annotations

from typing import Literal

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import hull, normal_interval, wilson
from genbench.stats.prdc import NAMES, measure, standard_errors
from genbench.stats.prdc import prdc as scores


def _share(
    title: str, summary: str, reading: str, *, context: bool = False, sized: Literal["", "value"] = ""
) -> Metric:
    return Metric("share", "higher", summary, reading, margin=0.02, title=title, context=context, sized=sized)


@probe(
    reports={
        "precision": _share(
            "Precision (Kynkäänniemi)",
            "Share of outputs that lie within the neighbourhood of some real item.",
            "High means realistic. A single outlier among real items can raise it; density is steadier.",
        ),
        "recall": _share(
            "Recall (Kynkäänniemi)",
            "Share of real items that lie within the neighbourhood of some output.",
            "Low means variety is missing. Scattered outputs can raise it; coverage is steadier.",
            sized="value",
        ),
        "density": Metric(
            "neighbours per ball",
            "higher",
            "How many real neighbourhoods an output lies in, on average, per k.",
            "Near 1 for a perfect model; above 1 where outputs crowd into the densest places.",
            title="Density",
            context=True,
        ),
        "coverage": _share(
            "Coverage",
            "Share of real items with an output in their own neighbourhood.",
            "The floor shows what real items reach; well below it, modes are missing.",
            sized="value",
        ),
    },
    cites=["Kynkäänniemi et al. 2019, arXiv:1904.06991", "Naeem et al. 2020, arXiv:2002.09797"],
    control="k of 10 modes dropped: coverage falls to about (1 - k/10) of its floor",
    truth="one distribution twice: coverage 1 - prod_i (n-i)/(2n-i), i = 1..k",
)
def prdc(
    generated: Features, held_out: Features, train: Features, *, rng: Rng, k: int = 5, limit: int = 2000
) -> Estimates:
    """Precision, recall, density and coverage from k-nearest-neighbour balls of features [n d] (real) and [m d]
    (outputs).

    B(x) reaches to the k-th nearest of x's own kind, its rim included. precision = mean_j 1[some real ball holds y_j],
    recall the same with roles exchanged, density = sum_ij 1[y_j in B(x_i)] / (k m), coverage = mean_i 1[some y_j in
    B(x_i)]. Precision and recall are the improved ones of Kynkäänniemi et al., published with k = 3; density and
    coverage were with k = 5, which all four have here unless `k` says otherwise. At most `limit` rows a side are used.
    Interval: delete-group jackknife over both samples, for shares hulled with Wilson's, which stays open at 0 and 1.
    Floor: train items in the outputs' place, at the same n as far as there are enough.
    """
    if k < 1:
        raise NotApplicable(f"k counts neighbours and is at least 1, got {k}")
    n = min(len(generated), limit)
    real, fake = finite_rows(held_out.x, "held_out")[:limit], finite_rows(generated.x, "generated")[:n]
    known = finite_rows(train.x, "train")
    if min(len(real), len(fake)) < 4 * k:
        raise NotApplicable(
            f"k = {k} neighbours need {4 * k} items a side, got {len(real)} real and {len(fake)} outputs"
        )
    balls = measure(real, fake)
    found = balls.scores(np.arange(len(real)), np.arange(len(fake)), k)
    errors = standard_errors(balls, k, rng=rng)
    others = known[rng.permutation(len(known))[:n]]
    floor = scores(real, others, k) if len(others) > k else {}
    trials = {"precision": len(fake), "recall": len(real), "coverage": len(real)}
    detail = Detail(facts={"k": k, "n reference": len(real), "n of the floor": len(others) if floor else 0})
    return {
        name: Estimate(
            found[name], n, _interval(found[name], errors[name], trials.get(name)), floor.get(name), detail
        )
        for name in NAMES
    }  # fmt: skip


def _interval(value: float, error: float, trials: int | None) -> Interval:
    """trials: how many items a share is of; None where the score is no share."""
    raw = normal_interval(value, error, method="delete-group jackknife, both samples random")
    if trials is None:
        return Interval(max(0.0, raw.low), raw.high, raw.level, raw.method)
    both = hull(raw, wilson(round(value * trials), trials))
    return Interval(max(0.0, both.low), min(1.0, both.high), both.level, both.method)
