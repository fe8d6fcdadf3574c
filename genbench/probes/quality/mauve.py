"""How much of real data outputs cover, and of outputs real data, in one number: MAUVE."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import normal_interval, with_floor
from genbench.stats.mauve import of_counts

LEAST = 60  # items a side: six cells
PER_CELL = 10
EXPLAINED = 0.9  # of the variance is kept before cells are made


@probe(
    reports={
        "mauve": Metric(
            unit="area",
            better="higher",
            title="MAUVE",
            summary="Area under the frontier of what outputs lack of real items against what they add, in cells of a "
            "shared clustering.",
            reading="Read it against its floor, what training items show at this size; it falls with n and depends on "
            "the lens.",
            margin=0.02,
            sized="value",
        )
    },
    cites=["Pillutla et al. 2021, arXiv:2102.01454", "Pillutla et al. 2023, JMLR 24 (arXiv:2212.14578)"],
    control="outputs from a part of the real distribution alone",
    truth="histograms whose area mauve-text gives",
)
def mauve(generated: Features, held_out: Features, train: Features, *, rng: Rng, clusterings: int = 3) -> Estimates:
    """Area under {(exp(-5 KL(Q | R_w)), exp(-5 KL(P | R_w)))}, R_w = w P + (1 - w) Q, over features [n d].

    P and Q are histograms of outputs and held-out items over n / 10 cells of k-means on both, after normalizing rows
    and keeping 90 % of the variance, as published; mean over a few clusterings. All sides are cut to the size of the
    smallest. The estimate is biased, downwards for equal distributions, so it is read against its floor: the same of
    train items in the outputs' place. Interval: items of both sides random, jackknife with the cells given, with the
    floor's own error. At perfection the floor, at failure near 0.
    """
    sides = [finite_rows(found.x, role) for found, role in
             ((generated, "generated"), (held_out, "held_out"), (train, "train"))]  # fmt: skip
    n = min(map(len, sides))
    if n < LEAST:
        raise NotApplicable(f"MAUVE needs {LEAST} items of each, got {' and '.join(str(len(x)) for x in sides)}")
    x, y, z = (side[:n] for side in sides)
    value, error, spread = _mauve(x, y, rng, clusterings)
    floor, floor_error, _ = _mauve(z, y, rng, clusterings)
    own, floors = (normal_interval(v, e, method="jackknife") for v, e in ((value, error), (floor, floor_error)))
    found = with_floor(value, own, floor, floors)
    interval = Interval(max(0.0, found.low), min(max(1.0, value), found.high), found.level, found.method)
    facts = {"cells": _cells(n), "clusterings": clusterings, "spread over clusterings": spread, "items of each": n}
    return {"mauve": Estimate(value, n, interval, floor, Detail(facts=facts))}


def _cells(n: int) -> int:
    return max(2, round(n / PER_CELL))


def _mauve(
    x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n d"], rng: Rng, clusterings: int
) -> tuple[float, float, float]:
    """(mean over clusterings, standard error by items and clusterings, standard deviation over clusterings)."""
    both, k = _reduced(np.concatenate([y, x])), _cells(len(x))
    found = []
    for _ in range(clusterings):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct items than cells: those that there are
            at = KMeans(k, n_init=1, random_state=int(rng.integers(2**31))).fit_predict(both)
        counts = (np.bincount(part, minlength=k) for part in (at[len(y) :], at[: len(y)]))
        found.append(of_counts(*counts))
    values, errors = (np.array(column) for column in zip(*found, strict=True))
    spread = float(values.std(ddof=1)) if clusterings > 1 else 0.0
    return float(values.mean()), float(np.sqrt(np.square(errors).mean() + spread**2 / clusterings)), spread


def _reduced(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
    """Rows of length 1, on the axes that hold most of their variance."""
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    x = x - x.mean(axis=0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    held = np.cumsum(s**2) / max(float((s**2).sum()), np.finfo(np.float64).tiny)
    kept = int(np.argmax(held >= EXPLAINED)) + 1
    return np.asarray(u[:, :kept] * s[:kept])
