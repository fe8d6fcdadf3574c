"""How well a score tells positives from negatives, on average and at the low false-positive rates that matter."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.stats.intervals import bootstrap, hull, normal_interval, wilson

Scores = Float[np.ndarray, " n"]
Others = Float[np.ndarray, " m"]


def auc(positive: Scores, negative: Others) -> float:
    """P(a positive scores above a negative), ties counting half: the Mann-Whitney statistic over n m."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def auc_interval(positive: Scores, negative: Others, *, level: float = 0.95) -> Interval:
    """DeLong's interval (1988): positives and negatives are both random. Clipped to [0, 1].

    Where every positive beats every negative the variance is zero; the interval then has the width that n allows.
    """
    n, m = len(positive), len(negative)
    everyone = rankdata(np.concatenate([positive, negative]))
    wins = (everyone[:n] - rankdata(positive)) / m  # of each positive over the negatives
    losses = 1 - (everyone[n:] - rankdata(negative)) / n
    value = float(wins.mean())
    variance = (wins.var(ddof=1) / n if n > 1 else 0.0) + (losses.var(ddof=1) / m if m > 1 else 0.0)
    least = 0.5 / min(n, m) ** 1.5  # one swapped pair's worth
    found = normal_interval(value, max(math.sqrt(variance), least), level=level, method="DeLong, both sides random")
    return Interval(max(0.0, found.low), min(1.0, found.high), level, found.method)


def trials_needed(fpr: float) -> int:
    """How many negatives resolve a false-positive rate: the rule of three, 3 / fpr (Hanley and Lippman-Hand 1983)."""
    return math.ceil(3 / fpr)


def threshold_at(negative: Others, fpr: float) -> float:
    """The lowest score that at most a share `fpr` of negatives exceeds.

    `NotApplicable` names the n that is needed where there are too few negatives to know.
    """
    if len(negative) < trials_needed(fpr):
        raise NotApplicable(
            f"a false-positive rate of {fpr:g} needs {trials_needed(fpr)} non-members (rule of three), "
            f"got {len(negative)}"
        )
    ordered = np.sort(negative)[::-1]
    return float(ordered[math.floor(fpr * len(negative))])


def tpr_at_fpr(positive: Scores, negative: Others, fpr: float) -> float:
    """Share of positives that score above `threshold_at(negative, fpr)`."""
    return float((positive > threshold_at(negative, fpr)).mean())


def tpr_at_fpr_interval(
    positive: Scores, negative: Others, fpr: float, *, rng: Rng, resamples: int = 500, level: float = 0.95
) -> Interval:
    """Hull of a bootstrap of both sides (the threshold is random too) and Wilson's interval at the found threshold.

    The second keeps the interval open where the bootstrap sees no variation, as at a rate of 0 or 1.
    """
    both = bootstrap(
        lambda p, q: float((p > np.sort(q)[::-1][math.floor(fpr * len(q))]).mean()),
        [positive, negative], rng=rng, resamples=resamples, level=level,
    )  # fmt: skip
    hits = int((positive > threshold_at(negative, fpr)).sum())
    return hull(both, wilson(hits, len(positive), level))
