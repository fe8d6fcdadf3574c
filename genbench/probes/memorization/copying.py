"""Are some outputs too near to training items?"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Metric, Toward
from genbench.probes.memorization._tail import FPR, tail
from genbench.stats.finite import finite_rows
from genbench.stats.neighbours import nearest
from genbench.stats.permutation import dealt_auc_interval
from genbench.stats.roc import auc, threshold_at

SHOWN = 6
FARTHEST = 512  # neighbours


@probe(
    reports={
        "tpr_at_1pct_fpr": Metric(
            unit="probability",
            better="lower",
            summary="Share of outputs nearer to a training item, against an unseen one, than 99 % of real items are.",
            reading="About 0.01 where nothing is copied; the share of copied outputs comes on top of it.",
            tolerance=0.01,
            margin=0.01,
            title="Outputs too near to a training item",
        ),
        "closer": Metric(
            unit="probability",
            better=Toward(0.5),
            summary="Chance that an output leans further towards the training items than an unseen real item does.",
            reading="0.5 where outputs know no more of the training set than unseen data do; 1 where all are copies.",
            context=True,
            title="Outputs lean towards the training set",
        ),
    },
    cites=[
        "Carlini et al. 2021, arXiv:2112.03570 (judge membership at a low false-positive rate)",
        "Carlini et al. 2023, arXiv:2301.13188 (distance to the nearest training image, relative to other images)",
        "Meehan et al. 2020, arXiv:2004.05675 (train against held-out distances)",
    ],
    control="copycat",
    truth="a perfect generator (unseen real data) scores (k + 1) / (m + 1), k = floor(0.01 m), in expectation",
)
def copying(generated: Features, train: Features, held_out: Features, *, rng: Rng) -> Estimates:
    """Finds outputs that lie nearer to a training item than real items that nobody trained on ever do.

    rho(g) = d(g, nearest train) / d(g, nearest held-out), s = -log rho; null: rho(h) = d(h, nearest train) /
    d(h, nearest other held-out). tpr_at_1pct_fpr = mean of s(g) > t, t = the value that at most 1 % of nulls exceed;
    closer = P(s(g) > s(h)), ties half. 0/0 counts as 1 and x/0 as infinite, so a real duplicate is no copy.

    generated [n d], train [t d], held_out [m d] -> two probabilities. Distances are Euclidean in the lens's features.

    Where density is smooth, rho depends on the two set sizes and the dimension alone, not on where the output
    lies: a narrow, mode-dropping or poor generator keeps the null's distribution. The sets are the same for outputs and
    nulls, so their sizes need not match. Left: outputs meet m held-out items and nulls m - 1, a bias of order 1/m; and
    outputs only at the centre of heavy-tailed data spread s a little more than the null does.

    The interval takes outputs and nulls as random: Wilson's, with the threshold's own error. Outputs whose nearest
    training item is the same count together: a collapsed generator's luck with one place is one piece of
    evidence, however often it goes there (one training item given out again and again is for `duplicates` to find).
    `closer` has DeLong's interval, widened to a permutation null: outputs and nulls share their neighbours, and
    DeLong's alone left 0.5 out for up to 9 perfect generators of 100, where 5 are due. Perfect: about 0.01 (the exact
    expectation is the floor) and 0.5. All copied: 1 and 1. Needs 300 held-out items (rule of three): too few gives
    `Absent`; `ProbeError` where a feature is not finite.
    Source: arXiv:2112.03570 for the low tail; arXiv:2301.13188 for relative distance.
    """
    x, seen, unseen = (
        finite_rows(side.x, role)
        for side, role in ((generated, "generated"), (train, "train"), (held_out, "held_out"))
    )  # fmt: skip
    if len(unseen) < 2 or not len(seen) or not len(x):
        raise NotApplicable(
            f"copying needs an output, a training item and 2 held-out items, got {len(x)}, {len(seen)}, {len(unseen)}"
        )
    if not (np.ptp(seen, axis=0).any() or np.ptp(unseen, axis=0).any()) and np.array_equal(seen[0], unseen[0]):
        raise NotApplicable("all real items have the same features, so no output is nearer to one than to another")
    to_train, which = _nearest_one(x, seen)
    scores = _lean(to_train, _nearest_one(x, unseen)[0])
    null = _lean(_nearest_one(unseen, seen)[0], nearest(unseen, unseen, exclude_self=True)[0][:, 0])
    return {
        "tpr_at_1pct_fpr": _rare(scores, null, which, keys=generated.keys),
        "closer": Estimate(auc(scores, null), len(scores), _closer((scores, null), (x, unseen), seen, rng), 0.5),
    }


def _nearest_one(
    queries: Float[np.ndarray, "n d"], points: Float[np.ndarray, "m d"]
) -> tuple[Float[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    distances, indices = nearest(queries, points)
    return distances[:, 0], indices[:, 0]


def _lean(to_train: Float[np.ndarray, " n"], to_held_out: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """-log rho, high where an item leans towards train; +inf for an exact copy, 0 where both distances are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lean = np.log(to_held_out) - np.log(to_train)
    return np.where((to_train == 0) & (to_held_out == 0), 0.0, lean)


def _closer(
    leans: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " m"]],
    sides: tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"]],
    seen: Float[np.ndarray, "t d"],
    rng: Rng,
) -> Interval:
    """Outputs and held-out items dealt to the two sides anew: each item's lean is then towards the new held-out side.

    The nearest of a dealt side is looked up among an item's nearest neighbours, so many that one in 10,000 items has
    none of that side among them (it is then as far as the last), at most 512.
    """
    pool = np.concatenate(sides)
    share = len(sides[0]) / len(pool)
    k = min(len(pool) - 1, FARTHEST, math.ceil(math.log(1e-4) / math.log(share)))
    to_train, (distances, indices) = _nearest_one(pool, seen)[0], nearest(pool, pool, k, exclude_self=True)

    def dealt(first: Bool[np.ndarray, "draws _"]) -> Float[np.ndarray, "draws _"]:
        near, row = np.empty(first.shape), np.arange(len(pool))
        for draw, outputs in enumerate(first):
            unseen = ~outputs[indices]  # [n+m k]
            place = np.where(unseen.any(axis=1), unseen.argmax(axis=1), k - 1)
            near[draw] = distances[row, place]
        return _lean(np.tile(to_train, len(first)), near.ravel()).reshape(first.shape)

    return dealt_auc_interval(leans, dealt, rng=rng)


def _rare(
    scores: Float[np.ndarray, " n"],
    null: Float[np.ndarray, " m"],
    which: Int[np.ndarray, " n"],
    *,
    keys: tuple[str, ...],
) -> Estimate | Absent:
    try:
        threshold = threshold_at(null, FPR)
    except NotApplicable as error:
        return Absent(str(error))
    if threshold == -math.inf:
        return Absent("held-out items are exact copies of one another, so their distances say nothing of chance")
    if threshold == math.inf:
        share = float(np.isposinf(null).mean())
        return Absent(f"{share:.1%} of held-out items are exact copies of training items, so copies prove nothing")
    hits = scores > threshold
    worst = [int(i) for i in np.argsort(-scores, kind="stable")[:SHOWN]]
    exhibits = tuple(
        Exhibit(
            "an output, and the training item it is nearest to; the number is that distance as a share of the "
            "distance to the nearest unseen item",
            (ItemRef("generated", i), ItemRef("train", int(which[i]))),
            float(np.exp(-scores[i])),
        )
        for i in worst
        if hits[i]
    )
    facts = {
        "ratio below which an output counts": math.exp(-threshold),
        "exact copies": int(np.isposinf(scores).sum()),
        "training items met": len(np.unique(which[hits])),
    }
    detail = Detail(tuple(hits.astype(float).tolist()), keys, exhibits=exhibits, facts=facts)
    return tail(scores, null, clusters=which, detail=detail)
