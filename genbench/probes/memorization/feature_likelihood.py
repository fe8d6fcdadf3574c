"""The generalization gap of the feature likelihood divergence: context, shown for comparison with other tools."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import with_floor

LEAST = 40  # held-out items: half of them stand in the outputs' place for the floor
STEPS = 30
SMALLEST = 1e-6  # variance of a kernel, in units of the training items' own: a copy's likelihood ends there
GROUPS = 8
SCALE = 100  # as FLD is printed


@probe(
    reports={
        "gap": Metric(
            unit="nats per 100 features",
            better="lower",
            title="FLD's generalization gap",
            summary="How much likelier training items are than unseen ones under a density built from the outputs.",
            reading="The floor is what unseen real items in the outputs' place show; far above it points to copying. "
            "Known to be fooled: it is a mean, so few copies move it little; it depends on how many outputs and "
            "training items there are; a lens in which real items are far apart raises it for every model.",
            context=True,
        )
    },
    cites=["Jiralerspong et al. 2023, arXiv:2302.04440 (FLD)"],
    control="outputs copied from training items",
    truth="train and held-out alike, outputs far from both: 0",
)
def feature_likelihood(
    generated: Features, train: Features, held_out: Features, *, rng: Rng, limit: int = 500
) -> Estimates:
    """100/d (mean log p(train) - mean log p(held-out)), p = mean_j N(g_j, s_j^2 I) with s_j fitted to training items.

    Features [n d] are standardized by the training items' means and spreads. The s_j that make training items
    likeliest (30 steps of EM; the paper descends a gradient) are small where a training item lies close, so copies give
    narrow peaks that unseen items miss. As p is fitted to the very items it is tried on, the gap of a model that copies
    nothing is above 0 too: the floor is the gap with half of the held-out items as outputs, the other half unseen; the
    model's outputs are as many, and tried on the same. At most `limit` items a side.

    Interval: training and held-out items random, and the outputs by a delete-group jackknife of 8 refits, with the
    floor's own error. At failure without bound: all copies, log of 1 / SMALLEST. Context, never a verdict.
    """
    x, seen, unseen = (
        finite_rows(side.x, role) for side, role in ((generated, "generated"), (train, "train"), (held_out, "held_out"))
    )
    half = min(len(unseen) // 2, limit)
    if 2 * half < LEAST or len(seen) < LEAST or len(x) < half:
        raise NotApplicable(
            f"needs {LEAST} training and {LEAST} held-out items, and outputs for half of the latter; got {len(x)} "
            f"outputs, {len(seen)} train, {len(unseen)} held-out"
        )
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    kept = spread > 0
    if not kept.any():
        raise NotApplicable("all training items have the same features")
    x, seen, unseen = ((side[:, kept] - mean[kept]) / spread[kept] for side in (x, seen, unseen))
    order = rng.permutation(len(unseen))
    stand_in, judged = unseen[order[:half]], unseen[order[half : 2 * half]]
    known = seen[rng.permutation(len(seen))[:limit]]
    ours = x[rng.permutation(len(x))[:half]]
    own, floor = (_interval(_squares(side, known, judged), known.shape[1]) for side in (ours, stand_in))
    facts: dict[str, Json] = {"centres": half, "n train": len(known), "n held-out": len(judged), "d": int(kept.sum())}
    found = with_floor(own[0], own[1], floor[0], floor[1])
    return {"gap": Estimate(own[0], half, found, floor[0], Detail(facts=facts))}


Distances = tuple[np.ndarray, np.ndarray]  # squared, of train [t n] and of held-out [m n] to the centres


def _squares(centres: Float[np.ndarray, "n d"], *sides: Float[np.ndarray, "_ d"]) -> Distances:
    first, second = (cdist(side, centres, "sqeuclidean") for side in sides)
    return first, second


def _interval(squares: Distances, d: int) -> tuple[float, Interval]:
    inside, outside = _likelihoods(squares, d)
    value = float(inside.mean() - outside.mean())
    n = squares[0].shape[1]
    runs = []
    for group in np.array_split(np.arange(n), GROUPS):  # the centres are in random order
        rest = np.setdiff1d(np.arange(n), group)
        first, second = _likelihoods((squares[0][:, rest], squares[1][:, rest]), d)
        runs.append(float(first.mean() - second.mean()))
    centres = (GROUPS - 1) / GROUPS * float(np.square(np.array(runs) - np.mean(runs)).sum())
    items = float(inside.var(ddof=1)) / len(inside) + float(outside.var(ddof=1)) / len(outside)
    reach = 1.96 * math.sqrt(centres + items)
    return value, Interval(value - reach, value + reach, 0.95, "items random, jackknife over outputs")


def _likelihoods(squares: Distances, d: int) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " m"]]:
    """100/d log p of either side, with each centre's variance fitted to the first."""
    fitted = variances(squares[0], d)
    first, second = (logsumexp(_log_kernels(s, fitted, d), axis=1) - math.log(len(fitted)) for s in squares)
    return SCALE / d * first, SCALE / d * second


def variances(squares: Float[np.ndarray, "t n"], d: int) -> Float[np.ndarray, " n"]:
    """EM for p = mean_j N(c_j, v_j I): v_j = sum_i r_ij |x_i - c_j|^2 / (d sum_i r_ij), r the responsibilities."""
    v = np.ones(squares.shape[1])
    for _ in range(STEPS):
        logs = _log_kernels(squares, v, d)
        shares = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        total = shares.sum(axis=0)
        # A centre that answers for no item at all has nothing to be fitted to and stays as it is.
        moved = np.divide((shares * squares).sum(axis=0), d * total, out=v.copy(), where=total > 1e-12)
        v = np.maximum(moved, SMALLEST)
    return v


def _log_kernels(squares: Float[np.ndarray, "t n"], v: Float[np.ndarray, " n"], d: int) -> Float[np.ndarray, "t n"]:
    made: np.ndarray = -squares / (2 * v) - d / 2 * np.log(2 * np.pi * v)
    return made
