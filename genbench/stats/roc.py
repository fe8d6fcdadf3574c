"""How well a score tells positives from negatives, on average and at the low false-positive rates that matter."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from genbench.core.errors import NotApplicable
from genbench.core.score import Interval
from genbench.stats.intervals import effective_n, wilson

Scores = Float[np.ndarray, " n"]
Others = Float[np.ndarray, " m"]


def auc(positive: Scores, negative: Others) -> float:
    """P(a positive scores above a negative), ties counting half: the Mann-Whitney statistic over n m."""
    from scipy.stats import rankdata  # where it is used: it takes longer to import than most of a small run

    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def auc_interval(positive: Scores, negative: Others, *, level: float = 0.95) -> Interval:
    """Wilson's interval at as many independent trials as DeLong's variance (1988) amounts to; both sides are random.

    A symmetric interval fails where an AUC is near 0 or 1: at 0.98 from 40 a side it covered 85 % of 95; rare outliers,
    whom no sample may show, 24 %. Items count as independent: where scores depend on who is on which side, as those of
    shared neighbours do, `permutation.dealt_auc_interval` is for them.
    """
    value, trials = (float(part[0]) for part in auc_trials(positive[None], negative[None]))
    found = wilson(value * trials, trials, level)
    method = "Wilson at DeLong's variance, both sides random"
    return Interval(min(found.low, value), max(found.high, value), level, method)


def auc_trials(
    positive: Float[np.ndarray, "rows n"], negative: Float[np.ndarray, "rows m"]
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """(AUC A, n_eff = A (1 - A) / var A by DeLong) of each row: at most n + m trials, min(n, m) without a variance."""
    from scipy.stats import rankdata

    n, m = positive.shape[1], negative.shape[1]
    everyone = rankdata(np.concatenate([positive, negative], axis=1), axis=1)
    wins = (everyone[:, :n] - rankdata(positive, axis=1)) / m  # of each positive over the negatives
    losses = 1 - (everyone[:, n:] - rankdata(negative, axis=1)) / n
    value = wins.mean(axis=1)
    variance = np.zeros(len(value))
    for side in (wins, losses):
        if side.shape[1] > 1:
            variance += side.var(axis=1, ddof=1) / side.shape[1]
    known = (variance > 0) & (value > 0) & (value < 1)
    trials = np.divide(value * (1 - value), variance, out=np.full(len(value), float(min(n, m))), where=known)
    return value, np.where(known, np.clip(trials, 1.0, n + m), trials)


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
    positive: Scores, negative: Others, fpr: float, *, clusters: Int[np.ndarray, " n"] | None = None
) -> Interval:
    """Interval of the share of positives above the true (1 - fpr) quantile of negatives: both sides are random.

    The true threshold lies, at 95 %, between the order statistics of the negatives whose ranks bound a binomial (m,
    fpr), whatever the distribution; the rates at these two are how far the threshold's error reaches. Wilson's interval
    at the found threshold is how far the positives' does. The reaches add as independent errors do (MOVER: Zou and
    Donner 2008), so each is counted once. clusters: labels of positives that are no independent evidence; Wilson's n is
    then divided by the design effect.
    """
    from scipy.stats import binom

    hits = positive > threshold_at(negative, fpr)
    value = float(hits.mean())
    n = effective_n(hits, np.arange(len(hits)) if clusters is None else clusters)
    own = wilson(value * n, n)
    ordered = np.sort(negative)[::-1]
    fewest, most = (int(binom.ppf(q, len(negative), fpr)) for q in (0.025, 0.975))
    # With N negatives above the true threshold, it lies from ordered[N] up to, and not at, ordered[N - 1].
    least, largest = (float((positive > ordered[k]).mean()) for k in (max(fewest - 1, 0), most))
    low = value - math.hypot(value - own.low, value - least)
    high = value + math.hypot(own.high - value, largest - value)
    return Interval(max(0.0, low), min(1.0, high), 0.95, "Wilson, and order statistics for the threshold")
