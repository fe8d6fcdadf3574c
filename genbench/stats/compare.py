"""Is one model better than another? Better, worse, same within the margin, or cannot tell and what n would."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Shaped
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from genbench.core.score import Better, Interval, Toward
from genbench.stats.intervals import mean_interval

Answer: TypeAlias = Literal["better", "worse", "same", "cannot tell"]
ALPHA = 0.05
POWER = NormalDist().inv_cdf(0.8)


@dataclass(frozen=True)
class Comparison:
    """What B is beside A. n_needed: items that would decide with 80 % power, where known.

    difference: by how much B is worse, in the metric's unit: B - A where lower is better, A - B where higher is, and
    |B - target| - |A - target| where a target is. df: degrees of freedom of the error; None: it is taken as known.
    """

    answer: Answer
    difference: float
    interval: Interval
    p_value: float
    n: int
    n_needed: int | None
    method: str
    df: int | None = None


def compare_paired(
    a: Float[np.ndarray, " n"],
    b: Float[np.ndarray, " n"],
    *,
    better: Better,
    margin: float = 0.0,
    clusters: Shaped[np.ndarray, " n"] | None = None,
) -> Comparison:
    """Items shared by both runs: Student's t on the differences, by cluster where given; items are random.

    The score is the items' mean, so a target is one for the mean (a share of wins is best at 0.5, no single win is):
    item i counts as sign(mean - target) (x_i - target), whose mean is |mean - target|. No p-value lies below 2^(1 - k),
    k the items or clusters that differ at all: the least that flipping signs could give, and McNemar's exact value
    where all k shares of 0 and 1 moved the same way. Student's t alone is too sure of a few rare events.
    """
    differences = turned(b, better) - turned(a, better)
    interval = mean_interval(differences, clusters=clusters)
    which = np.arange(len(differences)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    parts = np.bincount(which, weights=differences)
    m, moved = len(parts), int(np.count_nonzero(parts))
    error = (interval.high - interval.low) / 2 / float(stdtrit(m - 1, 0.975))
    what = "items" if clusters is None else "clusters of items"
    found = decided(float(differences.mean()), error, m, margin, f"paired over {m} shared {what}", df=m - 1)
    least = 2.0 ** (1 - moved)
    if found.p_value >= least or moved == 0:
        return found
    held = _held(found, least, ALPHA, 1)
    return replace(held, n_needed=math.ceil(m * (1 - math.log2(ALPHA)) / moved) if least >= ALPHA else held.n_needed)


def compare_separate(
    a: tuple[float, Interval], b: tuple[float, Interval], n: int, *, better: Better, margin: float = 0.0
) -> Comparison:
    """No shared items: both intervals as independent and normal."""
    worse_by = float(_badness(np.array([b[0]]), better)[0] - _badness(np.array([a[0]]), better)[0])
    error = math.hypot(standard_error(a[1]), standard_error(b[1]))
    return decided(worse_by, error, n, margin, "independent samples", df=None)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (1979): family-wise error held without assumptions."""
    order = np.argsort(p_values)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[int(index)]))
        adjusted[int(index)] = highest
    return adjusted


def corrected(comparisons: Sequence[Comparison], alpha: float = ALPHA) -> list[Comparison]:
    """The same comparisons, with "better" and "worse" taken back where Holm's correction does not let them stand.

    The n that would decide is then one for alpha / the number of questions, Holm's first and strictest step.
    """
    adjusted = holm([c.p_value for c in comparisons])
    return [_held(c, p, alpha, len(comparisons)) for c, p in zip(comparisons, adjusted, strict=True)]


def _held(found: Comparison, p_value: float, alpha: float, questions: int) -> Comparison:
    answer, n_needed = found.answer, found.n_needed
    reach, alone = _reach(alpha, questions, found.df), _reach(ALPHA, 1, found.df)
    if answer in ("better", "worse") and p_value >= alpha:
        answer = "cannot tell"
        error = (found.interval.high - found.interval.low) / 2 / alone
        n_needed = _n_needed(found.n, error, abs(found.difference), reach)
    elif n_needed is not None:
        n_needed = math.ceil(n_needed * ((reach + POWER) / (alone + POWER)) ** 2)
    return replace(found, p_value=p_value, answer=answer, n_needed=n_needed)


def _reach(alpha: float, questions: int, df: int | None) -> float:
    """The quantile of a two-sided test at alpha / questions, Student's where the error itself is estimated."""
    size = 1 - alpha / 2 / max(1, questions)
    return float(stdtrit(df, size)) if df else NormalDist().inv_cdf(size)


def _n_needed(n: int, error: float, effect: float, reach: float) -> int:
    """Items for 80 % power, if the standard error falls with the square root of n; always more than there were."""
    return max(n + 1, math.ceil(n * ((reach + POWER) * error / effect) ** 2))


def minimum_effect(error: float, *, questions: int = 1, alpha: float = ALPHA, df: int | None = None) -> float:
    """The smallest true difference found with 80 % power: where the n a comparison says it needs is the n it had.

    (t_(1 - alpha / 2 questions) + z_0.8) error, for the first and strictest of Holm's steps, t being Student's quantile
    with df degrees of freedom and normal without; error: the standard error of the difference, in the metric's unit.
    """
    return (_reach(alpha, questions, df) + POWER) * error


def turned(values: np.ndarray, better: Better) -> np.ndarray:
    """Items turned so that a lower mean is better, and the mean is the badness of the items' mean."""
    if isinstance(better, Toward):
        side = 1.0 if values.mean() >= better.target else -1.0
        turned: np.ndarray = side * (values - better.target)
        return turned
    return _badness(values, better)


def _badness(values: np.ndarray, better: Better) -> np.ndarray:
    """Values turned so that lower is better."""
    if isinstance(better, Toward):
        return np.abs(values - better.target)
    return values if better == "lower" else -values


def standard_error(interval: Interval) -> float:
    """Half of the interval's width in normal quantiles: the error it would have if it were a normal one."""
    return (interval.high - interval.low) / 2 / NormalDist().inv_cdf(0.5 + interval.level / 2)


def decided(worse_by: float, error: float, n: int, margin: float, method: str, *, df: int | None) -> Comparison:
    """Two-sided test for a difference, and two one-sided tests (Schuirmann 1987) for sameness within the margin."""
    z, z_90 = (float(stdtrit(df, q) if df else ndtri(q)) for q in (0.975, 0.95))
    interval = Interval(worse_by - z * error, worse_by + z * error, 0.95, method)
    p_value = float(worse_by == 0)
    if error > 0:
        away = -abs(worse_by) / error
        p_value = float(2 * (stdtr(df, away) if df else ndtr(away)))
    reach_90 = z_90 * error
    n_needed = None
    answer: Answer = "cannot tell"
    if margin > 0 and abs(worse_by) + reach_90 < margin:
        answer = "same"
    elif p_value < ALPHA and abs(worse_by) > margin:
        answer = "worse" if worse_by > 0 else "better"
    elif worse_by == 0 and error == 0:
        answer = "same"
    else:
        # n for 80 % power at the difference seen, or at the margin where that is larger
        effect = max(abs(worse_by), margin)
        if effect > 0 and error > 0:
            n_needed = _n_needed(n, error, effect, z)
    return Comparison(answer, worse_by, interval, p_value, n, n_needed, method, df)
