"""Confidence intervals. Each docstring says what is resampled, or what the formula treats as random."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.special import stdtrit

from genbench.core.evidence import Rng
from genbench.core.score import Interval


def wilson(successes: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share (1927): the n trials are random. Never wider than [0, 1], never empty.

    With no success in n trials its upper end is near 3.84 / n, a little above the rule of three. Neither need be whole:
    an effective number of trials is not. (scipy's, which a test compares, takes whole numbers only.)
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} successes of {n} trials is no share")
    share, z2 = successes / n, NormalDist().inv_cdf(0.5 + level / 2) ** 2
    centre, reach = share + z2 / (2 * n), math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2)))
    low = 0.0 if successes == 0 else (centre - reach) / (1 + z2 / n)
    high = 1.0 if successes == n else (centre + reach) / (1 + z2 / n)
    return Interval(low, high, level, "Wilson")


def normal_interval(value: float, standard_error: float, *, level: float = 0.95, method: str = "normal") -> Interval:
    """value -+ z standard errors; what is random is what the standard error was made from."""
    reach = NormalDist().inv_cdf(0.5 + level / 2) * standard_error
    return Interval(value - reach, value + reach, level, method)


def squared_interval(
    value: float, standard_error: float, second_order: float, *, level: float = 0.95, method: str = "squared"
) -> Interval:
    """Interval of a squared distance t, unbiased but for chance; what is random is what the error was made from.

    Its variance grows with the truth, a t + b, with b (`second_order`) what is left at t = 0; so a value that came out
    low has too small an error beside it, and value -+ z errors ended below the truth up to 17 times in 100 (of the
    kernel distance in one dimension, outputs a quarter of a deviation off). Hence the upper end is that of all t with
    (value - t)^2 <= z^2 (a t + b), as Wilson's is for a share: value + z^2 a/2 + z sqrt(a value + z^2 a^2/4 + b), with
    a = (standard_error^2 - b) / value, at most 4 sqrt(b/2): with C the covariance of the error, the first-order
    variance is 4 u'Cu <= 4 |C| t and b = 2 tr C^2 >= 2 |C|^2. The lower end is value - z errors.
    """
    z, bound = NormalDist().inv_cdf(0.5 + level / 2), 4 * math.sqrt(second_order / 2)
    a = min(bound, max(0.0, standard_error**2 - second_order) / value) if value > 0 else bound
    root = math.sqrt(max(a * value + z**2 * a**2 / 4 + second_order, 0.0))
    reach = z * standard_error
    return Interval(value - reach, max(value + reach, value + z**2 * a / 2 + z * root), level, method)


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

    Student's, with m - 1 degrees of freedom over the m items or clusters; the error is `ratio_error`'s.
    """
    ratio = float(numerators.sum() / denominators.sum())
    error, m = ratio_error(numerators, denominators, clusters=clusters)
    reach = float(stdtrit(m - 1, 0.5 + level / 2)) * error
    what = "items" if clusters is None else f"{m} clusters"
    return Interval(ratio - reach, ratio + reach, level, f"linearized, {what} random")


def ratio_error(
    numerators: Float[np.ndarray, " n"],
    denominators: Float[np.ndarray, " n"],
    *,
    clusters: Shaped[np.ndarray, " n"] | None = None,
) -> tuple[float, int]:
    """(standard error of r = sum(a) / sum(b), number m of independent parts).

    var r = m/(m-1) sum_c (a_c - r b_c)^2 / B^2 over the m items or clusters (Cochran 1977, section 6.8).
    """
    ratio = float(numerators.sum() / denominators.sum())
    residuals: np.ndarray = numerators - ratio * denominators
    if clusters is not None:
        _, which = np.unique(clusters, return_inverse=True)
        residuals = np.bincount(which, weights=residuals)
    m = len(residuals)
    if m < 2:
        raise ValueError(f"an interval needs at least 2 independent items or clusters, got {m}")
    return float(np.sqrt(m / (m - 1) * np.square(residuals).sum()) / abs(denominators.sum())), m


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


def effective_n(hits: Bool[np.ndarray, " n"], clusters: Int[np.ndarray, " n"]) -> float:
    """How many independent trials would give a share of hits the variance that it has by clusters; at most n.

    share (1 - share) / var_clustered; at a share of 0 or 1, where no variance shows, Kish's n^2 / sum n_c^2 (1965).
    """
    n, share, sizes = len(hits), float(hits.mean()), np.unique(clusters, return_counts=True)[1]
    if share in (0.0, 1.0) or len(sizes) < 2:
        return float(n**2 / np.square(sizes).sum())
    error = ratio_error(hits.astype(np.float64), np.ones(n), clusters=clusters)[0]
    return min(float(n), max(1.0, share * (1 - share) / error**2))


def with_floor(value: float, own: Interval, floor: float, floors: Interval) -> Interval:
    """Interval of a value that is read against a measured floor: value - floor's own interval, set back by the floor.

    low = v - sqrt((v - l)^2 + (u_f - f)^2) and high = v + sqrt((u - v)^2 + (f - l_f)^2): the two ends' reaches add as
    independent errors do (Newcombe 1998, method 10; Zou and Donner 2008). So both errors are counted, each once.
    """
    low = value - math.hypot(value - own.low, floors.high - floor)
    high = value + math.hypot(own.high - value, floor - floors.low)
    return Interval(low, high, own.level, f"{own.method}, with the floor's own error")


def hull(first: Interval, second: Interval) -> Interval:
    """The smallest interval that holds both: for when each covers one source of chance the other leaves out."""
    method = f"{first.method} and {second.method}"
    return Interval(min(first.low, second.low), max(first.high, second.high), first.level, method)
