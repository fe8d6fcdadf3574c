"""Do other seeds give other outputs, and the same score?"""

from __future__ import annotations

import math

import numpy as np

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, ItemRef, Metric, Toward
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import normal_interval, wilson
from genbench.stats.kernel import mmd
from genbench.stats.neighbours import nearest

LEAST = 20
SHOWN = 4


@probe(
    reports={
        "apart": Metric(
            unit="squared MMD",
            better="lower",
            title="Kernel distance between two draws",
            summary="How far the outputs for one set of seeds differ as a whole from those for another.",
            reading="0 is right, and values around it, below it too. Above: what is measured depends on the seeds.",
        ),
        "change": Metric(
            unit="squared MMD",
            better=Toward(0.0),
            title="Change of the kernel distance to real items under other seeds",
            summary="How much better or worse the second draw scores than the first.",
            reading="0 within its interval: a score of this model is none of its seeds.",
        ),
        "repeated": Metric(
            unit="share of outputs",
            better="lower",
            title="Outputs that other seeds give again",
            summary="Share of the second draw's outputs that are exactly, as the lens sees them, one of the first's.",
            reading="0 where outputs are images or long texts. 1: the seed changes nothing.",
        ),
    },
    cites=[
        "Gretton et al. 2012, JMLR 13 (two-sample test by MMD)",
        "Bińkowski et al. 2018, arXiv:1801.01401 (kernel)",
    ],
    control="a model that answers another set of seeds with other kinds of outputs; one that does not look at its seed",
    truth="independent draws of one distribution: 0, 0 and, where it is continuous, 0",
)
def redraw(anchor: Features, again: Features, held_out: Features) -> Estimates:
    """Two draws a, b of one model on the same inputs, beside real items y; features [n d], [n d], [m d].

    apart = MMD^2(a, b), change = MMD^2(b, y) - MMD^2(a, y), by KID's kernel, exact U-statistics, unbiased. Intervals:
    all samples random; for `change` the errors add as if y were drawn twice, wider than need be for draws alike.
    repeated = mean_i 1[min_j |b_i - a_j| = 0] (Wilson, second draw random). Floors 0. At failure `apart` is without
    bound, and `repeated` 1. Where no output differs from another, seeds cannot be told from no seeds: `ControlFailed`.
    """
    a, b = finite_rows(anchor.x, "anchor"), finite_rows(again.x, "again")
    y = finite_rows(held_out.x, "held_out")
    n = min(len(a), len(b))
    if n < LEAST or len(y) < LEAST:
        raise NotApplicable(f"needs {LEAST} items a side, got {n} outputs of each draw and {len(y)} held-out items")
    if np.ptp(np.concatenate([a, b]), axis=0).max() == 0:
        raise ControlFailed("collapsed: outputs do not differ from one another, so that no seed can be seen to matter")
    between, first, second = mmd(a, b), mmd(a, y), mmd(b, y)
    distance, which = nearest(b, a)
    same = np.flatnonzero(distance[:, 0] == 0)
    shown = tuple(
        Exhibit("one output for two seeds", (ItemRef("again", int(i)), ItemRef("anchor", int(which[i, 0]))), 0.0)
        for i in same[:SHOWN]
    )
    facts = {"first draw": first.value, "second draw": second.value, "n reference": len(y)}
    error = math.hypot(first.standard_error, second.standard_error)
    interval = normal_interval(second.value - first.value, error, method="U-statistic variances, all samples random")
    return {
        "apart": Estimate(between.value, n, between.interval(), 0.0),
        "change": Estimate(second.value - first.value, n, interval, 0.0, Detail(facts=facts)),
        "repeated": Estimate(len(same) / len(b), len(b), wilson(len(same), len(b)), 0.0, Detail(exhibits=shown)),
    }
