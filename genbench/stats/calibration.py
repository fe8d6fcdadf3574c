"""How far stated probabilities lie from what comes true, without the error that chance alone would show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.stats.intervals import squared_interval


@dataclass(frozen=True)
class Calibration:
    """error: root mean square gap over the bins; 0 where the unbiased estimate of its square is negative."""

    error: float
    interval: Interval
    bins: int


def bins_of(confidence: Float[np.ndarray, " n"], bins: int) -> Int[np.ndarray, " n"]:
    """Which of `bins` equal parts of [0, 1] each confidence lies in; as in Guo et al. 2017, closed above."""
    at: np.ndarray = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return at


def expected_calibration_error(
    confidence: Float[np.ndarray, " n"], right: Float[np.ndarray, " n"], bins: int = 10
) -> float:
    """ECE = sum_b (n_b / n) |accuracy_b - confidence_b| (Guo et al. 2017, 1706.04599). Chance raises it."""
    gaps = np.bincount(bins_of(confidence, bins), weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def calibrated_ece(confidence: Float[np.ndarray, " n"], rng: Rng, *, bins: int = 10, draws: int = 200) -> float:
    """The ECE that perfectly calibrated, independent answers of these confidences show on average."""
    came = rng.random((draws, len(confidence))) < confidence
    return float(np.mean([expected_calibration_error(confidence, row.astype(np.float64), bins) for row in came]))


def calibration_error(
    confidence: Float[np.ndarray, " n"],
    right: Float[np.ndarray, " n"],
    clusters: Shaped[np.ndarray, " n"],
    bins: int = 10,
) -> Calibration:
    """sqrt(sum_b (n_b / n) g_b^2), g_b the mean of d = right - confidence in bin b; whole clusters are random.

    The plug-in square of a bin's mean is too large by its variance. Products of different clusters are not:
    g_b^2 = sum_{c != c'} D_cb D_c'b / sum_{c != c'} n_cb n_c'b, with D_cb the sum of d in a cluster and bin, is
    unbiased (after Kumar et al. 2019, arXiv:1909.10155, who take items as independent). The interval is that of a
    squared distance, whose error has a part that stays when the distance is 0. A bin within one cluster has no such
    product and is left out. `ValueError` where no bin is left.
    """
    families, which = np.unique(clusters, return_inverse=True)
    at = bins_of(confidence, bins)
    cell = which * bins + at
    shape = len(families), bins
    d = np.bincount(cell, weights=right - confidence, minlength=shape[0] * bins).reshape(shape)  # [c b]
    n = np.bincount(cell, minlength=shape[0] * bins).reshape(shape).astype(np.float64)
    pairs = n.sum(axis=0) ** 2 - np.square(n).sum(axis=0)  # [b]
    usable: Bool[np.ndarray, " b"] = pairs > 0
    if not usable.any():
        raise ValueError("all answers come from one cluster, or each bin's from one of its own")
    d, n, pairs = d[:, usable], n[:, usable], pairs[usable]
    weight = n.sum(axis=0) / n.sum() / pairs  # [b]
    total = d.sum(axis=0)
    value = float((weight * (total**2 - np.square(d).sum(axis=0))).sum())
    off = d - n * (total / n.sum(axis=0))  # [c b], with the bin's own gap taken out
    first = 4 * float(np.square((off * weight) @ total).sum())
    gram = (off * weight).T @ off  # [b b]; the sum of K(c, c')^2 over all pairs is sum_bb' gram_bb' gram_b'b
    second = 2 * (float((gram * gram.T).sum()) - float(np.square((np.square(off) * weight).sum(axis=1)).sum()))
    second = max(second, 1e-12)
    first = max(0.0, first - 2 * second)  # chance in the gaps themselves adds about so much
    squared = squared_interval(value, math.sqrt(first + second), second)
    low, high = (math.sqrt(min(1.0, max(0.0, end))) for end in (squared.low, squared.high))
    error = math.sqrt(max(0.0, value))
    method = f"U-statistic over {shape[0]} clusters, root of a squared distance's interval"
    return Calibration(error, Interval(min(low, error), max(high, error), 0.95, method), int(usable.sum()))
