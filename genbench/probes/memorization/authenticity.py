"""Two popular scores of memorization, shown for comparison with other tools: both alarm at harmless models."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata
from sklearn.cluster import KMeans

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric, Toward
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import effective_n, normal_interval, wilson, with_floor
from genbench.stats.neighbours import nearest

LEAST = 20  # items a side, and of outputs and of held-out items in a cell


@probe(
    reports={
        "authentic": Metric(
            unit="share of outputs",
            better="higher",
            title="Authenticity",
            summary="Share of outputs farther from their nearest training item than that is from another one.",
            reading="Unseen real items score the floor. Known to be fooled: outputs near the centre of the data, such "
            "as those of a generator with little variance, count as copies, and a few copies do not show.",
            context=True,
        ),
        "c_t": Metric(
            unit="standard errors",
            better=Toward(0.0),
            title="Data-copying score C_T",
            summary="Whether outputs lie nearer to training items than held-out ones do, averaged over regions.",
            reading="Far below 0 is said to mean copying, above 0 underfitting; between -3 and 3 is usual. Known to be "
            "fooled: a generator with little variance scores below 0 without a copy, a few copies do not show, and "
            "poor outputs cancel copies. It grows with n.",
            context=True,
        ),
    },
    cites=["Alaa et al. 2022, arXiv:2102.08921 (authenticity)", "Meehan et al. 2020, arXiv:2004.05675 (C_T)"],
    control="copycat that gives out nothing but copies",
    truth="unseen real items in the outputs' place: the floor, and 0; all copies: authenticity 0",
)
def authenticity(generated: Features, train: Features, held_out: Features, *, rng: Rng, cells: int = 5) -> Estimates:
    """Authenticity and the data-copying score C_T, as other tools print them: context, never a verdict.

    Features generated [n d], train [t d], held_out [m d]. authentic = mean_j 1[d(g_j, x*) > d(x*, its nearest train)],
    x* = the training item nearest to g_j. It compares an output's distance with that of one training item, so it
    measures where outputs lie, as much as whether they are copies: `memorization.copying` compares the same output with
    train and held-out items instead. Interval: Wilson's, outputs whose x* is the same counting together, with the
    floor's own error; floor: held-out items in the outputs' place.

    c_t = sum_c w_c Z_c / sum_c w_c over cells of train (k-means; at most `cells`, those with 20 outputs and 20 held-out
    items), w_c = the held-out items in c, Z_c = the Mann-Whitney statistic of d(g, nearest train) against
    d(h, nearest train), standardized under equality. Interval: outputs and held-out items random, training items and
    cells given, DeLong's variance in each cell. Floor 0. Where all are copies authenticity is 0 and c_t as far below 0
    as n allows.
    """
    x, seen, unseen = (
        finite_rows(side.x, role)
        for side, role in ((generated, "generated"), (train, "train"), (held_out, "held_out"))
    )  # fmt: skip
    if min(len(x), len(seen), len(unseen)) < LEAST:
        raise NotApplicable(
            f"needs {LEAST} items of each, got {len(x)} outputs, {len(seen)} train, {len(unseen)} held-out"
        )
    if cells < 1:
        raise NotApplicable(f"cells are counted from 1, got {cells}")
    (near, which), (near_unseen, which_unseen) = (_nearest_one(side, seen) for side in (x, unseen))
    gaps = nearest(seen, seen, exclude_self=True)[0][:, 0]
    own, floors = near > gaps[which], near_unseen > gaps[which_unseen]
    value, floor = float(own.mean()), float(floors.mean())
    found = with_floor(value, _interval(own, which), floor, _interval(floors, which_unseen))
    interval = Interval(max(0.0, found.low), min(1.0, found.high), found.level, found.method)
    return {
        "authentic": Estimate(
            value, len(x), interval, floor, Detail(tuple(own.astype(float).tolist()), generated.keys)
        ),
        "c_t": _c_t(near, near_unseen, _cells((x, unseen), seen, cells, rng)),
    }


def _nearest_one(
    queries: Float[np.ndarray, "n d"], points: Float[np.ndarray, "m d"]
) -> tuple[Float[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    distances, indices = nearest(queries, points)
    return distances[:, 0], indices[:, 0]


def _interval(hits: Bool[np.ndarray, " n"], which: Int[np.ndarray, " n"]) -> Interval:
    """Wilson's, for as many independent items as met different training items."""
    n = effective_n(hits, which)
    return wilson(float(hits.mean()) * n, n)


def _cells(
    sides: tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"]],
    seen: Float[np.ndarray, "t d"],
    cells: int,
    rng: Rng,
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]]:
    """The cell of the training items that every output, and every held-out item, lies in."""
    k = min(cells, len(np.unique(seen, axis=0)))
    means = KMeans(k, n_init=3, random_state=int(rng.integers(2**31))).fit(seen)
    first, second = (means.predict(side).astype(np.int64) for side in sides)
    return first, second


def _c_t(
    near: Float[np.ndarray, " n"],
    near_unseen: Float[np.ndarray, " m"],
    cells: tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]],
) -> Estimate | Absent:
    weights, scores, variances = [], [], []
    for cell in np.unique(cells[1]):
        g, h = near[cells[0] == cell], near_unseen[cells[1] == cell]
        if min(len(g), len(h)) >= LEAST:
            score, variance = _standardized(g, h)
            weights.append(len(h))
            scores.append(score)
            variances.append(variance)
    if not weights:
        return Absent(f"no region holds {LEAST} outputs and {LEAST} held-out items, so distances cannot be compared")
    w = np.array(weights) / sum(weights)
    value, error = float(w @ scores), math.sqrt(float(np.square(w) @ variances))
    interval = normal_interval(value, error, method="DeLong in each cell; train and cells given")
    facts: dict[str, Json] = {
        "cells compared": len(w), "share of held-out items in them": sum(weights) / len(near_unseen)
    }  # fmt: skip
    return Estimate(value, len(near), interval, 0.0, Detail(facts=facts))


def _standardized(g: Float[np.ndarray, " n"], h: Float[np.ndarray, " m"]) -> tuple[float, float]:
    """(Z, its variance): U = n m P(g > h), ties half, less its mean and over its deviation under equality.

    The variance is DeLong's, which is 1 under equality and holds elsewhere too.
    """
    n, m = len(g), len(h)
    ranks = rankdata(np.concatenate([g, h]))
    wins, losses = (ranks[:n] - rankdata(g)) / m, 1 - (ranks[n:] - rankdata(h)) / n
    share, scale = float(wins.mean()), math.sqrt(12 * n * m / (n + m + 1))
    variance = float(wins.var(ddof=1)) / n + float(losses.var(ddof=1)) / m
    least = 0.25 / min(n, m) ** 3  # one swapped pair's worth, where all lie on one side
    return scale * (share - 0.5), scale**2 * max(variance, least)
