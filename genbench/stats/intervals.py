"""Confidence intervals. Each docstring says what is resampled, or what the formula treats as random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Shaped
from scipy import stats as scipy_stats

from genbench.core.evidence import Rng
from genbench.core.score import Interval


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share (1927): the n trials are random. Never wider than [0, 1], never empty.

    With no success in n trials its upper end is near 3.84 / n, a little above the rule of three.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} successes of {n} trials is no share")
    found = scipy_stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    return Interval(float(found.low), float(found.high), level, "Wilson")


def normal_interval(value: float, standard_error: float, *, level: float = 0.95, method: str = "normal") -> Interval:
    """value -+ z standard errors; what is random is what the standard error was made from."""
    reach = NormalDist().inv_cdf(0.5 + level / 2) * standard_error
    return Interval(value - reach, value + reach, level, method)


def mean_interval(
    values: Float[np.ndarray, " n"], *, clusters: Shaped[np.ndarray, " n"] | None = None, level: float = 0.95
) -> Interval:
    """Student's interval of a mean; the items are random, or whole clusters of items where these are given."""
    return ratio_interval(values, np.ones_like(values), clusters=clusters, level=level)


def ratio_interval(
    numerators: Float[np.ndarray, " n"],
    denominators: Float[np.ndarray, " n"],
    *,
    clusters: Shaped[np.ndarray, " n"] | None = None,
    level: float = 0.95,
) -> Interval:
    """Interval of sum(a) / sum(b) by linearization: items, or clusters of items, are random and independent.

    r = A/B, var r = m/(m-1) sum_c (a_c - r b_c)^2 / B^2 over the m clusters (Cochran 1977, section 6.8).
    """
    ratio = float(numerators.sum() / denominators.sum())
    residuals: np.ndarray = numerators - ratio * denominators
    if clusters is not None:
        _, which = np.unique(clusters, return_inverse=True)
        residuals = np.bincount(which, weights=residuals)
    m = len(residuals)
    if m < 2:
        raise ValueError(f"an interval needs at least 2 independent items or clusters, got {m}")
    error = float(np.sqrt(m / (m - 1) * np.square(residuals).sum()) / abs(denominators.sum()))
    reach = float(scipy_stats.t.ppf(0.5 + level / 2, m - 1)) * error
    what = "items" if clusters is None else f"{m} clusters"
    return Interval(ratio - reach, ratio + reach, level, f"linearized, {what} random")


def bootstrap(
    statistic: Callable[..., float],
    samples: Sequence[Shaped[np.ndarray, "..."]],
    *,
    rng: Rng,
    resamples: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Bias-corrected percentile bootstrap (Efron 1987): rows of every sample are redrawn, each sample by itself.

    Not for distances between distributions or nearest neighbours: a redrawn sample holds duplicates, which
    those statistics see.
    """
    observed = statistic(*samples)
    draws = np.array(
        [statistic(*(s[rng.integers(0, len(s), len(s))] for s in samples)) for _ in range(resamples)], dtype=np.float64
    )
    below = (draws < observed).mean() + 0.5 * (draws == observed).mean()
    shift = NormalDist().inv_cdf(float(np.clip(below, 1 / resamples, 1 - 1 / resamples)))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    ends = [NormalDist().cdf(2 * shift - z), NormalDist().cdf(2 * shift + z)]
    low, high = np.quantile(draws, ends)
    return Interval(float(min(low, observed)), float(max(high, observed)), level, "bootstrap, bias-corrected")


def hull(first: Interval, second: Interval) -> Interval:
    """The smallest interval that holds both: for when each covers one source of chance the other leaves out."""
    method = f"{first.method} and {second.method}"
    return Interval(min(first.low, second.low), max(first.high, second.high), first.level, method)
