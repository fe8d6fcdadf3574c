"""Intervals of shares, areas and tails: Wilson and what is built on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case
from genbench.stats.intervals import effective_n, wilson, with_floor
from genbench.stats.roc import auc_interval, tpr_at_fpr_interval


def _share(p: float, n: int) -> Callable[[Rng], Interval]:
    return lambda rng: wilson(int(rng.binomial(n, p)), n)


def _above_floor(rng: Rng) -> Interval:
    """A share of 0.08 beside a floor of 0.03, read as what lies between them: 0.05."""
    k, f = int(rng.binomial(300, 0.08)), int(rng.binomial(500, 0.03))
    found = with_floor(k / 300, wilson(k, 300), f / 500, wilson(f, 500))
    return Interval(found.low - f / 500, found.high - f / 500)


def _in_clusters(rng: Rng) -> Interval:
    """Sixty places, met 1 to 10 times each; a place hits or misses as one in four of five."""
    place = np.repeat(np.arange(60), rng.integers(1, 11, size=60))
    as_one, alone = rng.random(60)[place], rng.random(len(place))
    hits = np.where(rng.random(60)[place] < 0.8, as_one, alone) < 0.3
    n = effective_n(hits, place)
    return wilson(float(hits.mean()) * n, n)


def _two_normals(shift: float, n: int, m: int, by: Callable[..., Interval]) -> Callable[[Rng], Interval]:
    return lambda rng: by(rng.normal(shift, 1, n), rng.normal(size=m))


def _tail(x: np.ndarray, y: np.ndarray) -> Interval:
    return tpr_at_fpr_interval(x, y, 0.01)


def _clustered_tail(rng: Rng) -> Interval:
    """A hundred places with 1 to 6 outputs each, whose scores are the place's own but for a tenth of their variance."""
    place = np.repeat(np.arange(100), rng.integers(1, 7, size=100))
    scores = 0.9**0.5 * rng.normal(size=100)[place] + 0.1**0.5 * rng.normal(size=len(place)) + 1
    return tpr_at_fpr_interval(scores, rng.normal(size=500), 0.01, clusters=place)


CASES = (
    Case("Wilson", "share 0.1 of 200", 0.1, _share(0.1, 200),
         ("misuse.disclosure.leaked", "robustness.adversarial.broken", "misuse.watermark.false_alarms")),
    Case("Wilson", "share 0.01 of 300", 0.01, _share(0.01, 300)),
    Case("Wilson at the effective n of clusters", "share 0.3 over 60 places", 0.3, _in_clusters,
         ("memorization.duplicates.of_train",)),
    Case("Wilson with the floor's error", "0.08 beside a floor of 0.03", 0.05, _above_floor,
         ("misuse.disclosure.personal", "misuse.disclosure.verbatim", "memorization.duplicates.of_train")),
    Case("DeLong, Wilson's shape", "AUC 0.5, 200 against 320", 0.5, _two_normals(0.0, 200, 320, auc_interval),
         ("memorization.membership.auc", "memorization.reconstruction.auc")),
    Case("DeLong, Wilson's shape", "AUC 0.76, 200 against 320", 0.7602499389,
         _two_normals(1.0, 200, 320, auc_interval), ("memorization.membership.auc",)),
    Case("TPR at 1 % FPR", "chance, 300 against 500", 0.01, _two_normals(0.0, 300, 500, _tail),
         ("memorization.membership.tpr_at_1pct_fpr", "memorization.reconstruction.tpr_at_1pct_fpr")),
    Case("TPR at 1 % FPR", "shifted by 1, 300 against 500", 0.0923637, _two_normals(1.0, 300, 500, _tail),
         ("memorization.membership.tpr_at_1pct_fpr",)),
    Case("TPR at 1 % FPR, positives in clusters", "shifted by 1, 100 places", 0.0923637, _clustered_tail,
         ("memorization.copying.tpr_at_1pct_fpr",)),
)  # fmt: skip
