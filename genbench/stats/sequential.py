"""Intervals that may be looked at again and again while n grows, and still all hold at once.

An ordinary 95 % interval holds at one n fixed beforehand. Whoever looks after every block and stops when it pleases is
wrong more often than 5 % of the time. Two remedies stand here:

* confidence sequences, for what is a mean of independent items in [0, 1]: they hold at every n at once, exactly, at
  any number of looks (Ville's inequality: a fair gambler's wealth exceeds 1 / alpha at any time with chance alpha);
* widening, for every other statistic (distances, ratios, areas): looks at sizes declared beforehand, each with an equal
  part of alpha (Bonferroni), at which the statistic's own interval is stretched to the smaller alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from jaxtyping import Float
from scipy.special import betaln

from genbench.core.score import Estimate, Interval
from genbench.stats.intervals import hull
from genbench.stats.skewed import skewed_mean_interval

FINE = 1e-5  # to which the ends of a mean are found
CAP = 0.75  # the largest share of its wealth that a bet may lose
NEAR = 1e-9
LEAST = 3  # items that say something of a mean by themselves


def look_sizes(budget: int, least: int = 50) -> tuple[int, ...]:
    """Growing sizes that end with the budget: each about half of the next, none below `least` but the budget itself."""
    sizes = [budget]
    while math.ceil(sizes[0] / 2) >= least:
        sizes.insert(0, math.ceil(sizes[0] / 2))
    return tuple(sizes)


def rate_sequence(successes: int, n: int, alpha: float) -> Interval:
    """Confidence sequence of a rate: with chance 1 - alpha it holds the truth at every n at once.

    {p : B(s + 1/2, n - s + 1/2) / B(1/2, 1/2) < p^s (1 - p)^(n - s) / alpha}: the likelihood mixed over Jeffreys'
    prior, divided by that of the true p, is a martingale that begins at 1 (Robbins 1970, doi:10.1214/aoms/1177696786;
    Ville 1939). Assumes independent trials of one rate; never below 1 - alpha at any n, however few the successes.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} successes of {n} trials is no rate")
    share = successes / n
    level = float(betaln(successes + 0.5, n - successes + 0.5) - betaln(0.5, 0.5)) + math.log(alpha)
    sides = (successes, n, level)
    low = 0.0 if successes == 0 else _root(sides, share * 1e-12, share)
    high = 1.0 if successes == n else _root(sides, share, 1 - (1 - share) * 1e-12)
    return Interval(low, high, 1 - alpha, "beta-binomial confidence sequence, items random")


def _root(sides: tuple[int, int, float], low: float, high: float) -> float:
    """Where the likelihood meets its bound; the outer end where it does so in the last digits before 0 or 1."""
    if _excess(low, *sides) * _excess(high, *sides) > 0:
        return 0.0 if _excess(high, *sides) < 0 else 1.0
    from scipy.optimize import brentq  # here, as it takes longer to import than most runs need it

    return float(brentq(_excess, low, high, args=sides, xtol=1e-12))


def _excess(p: float, successes: int, n: int, level: float) -> float:
    """How far, in nats, the log-likelihood of p lies below `level`."""
    won = 0.0 if successes == 0 else successes * math.log(p)
    lost = 0.0 if successes == n else (n - successes) * math.log1p(-p)
    return level - won - lost


def mean_sequence(values: Float[np.ndarray, " n"], alpha: float) -> Interval:
    """Confidence sequence of a mean of items in [0, 1], by betting: it holds the truth at every n at once.

    For each candidate m two gamblers bet that the items' mean is above or below it: K_t(m) = prod_i (1 +- l_i (x_i -
    m)), with l_i = sqrt(2 log(2 / alpha) / (s2_{i-1} i log(1 + i))), s2 the variance so far, and no bet above CAP / m
    or CAP / (1 - m). m is out once either half of the stake has grown to 1 / alpha, at any time: the hedged capital of
    Waudby-Smith and Ramdas 2023, arXiv:2010.09686, whose sequence is tighter than their empirical-Bernstein one.
    Assumes items in [0, 1] with the same mean given those before (independent ones have); no variance, no shape.
    """
    if len(values) == 0 or values.min() < 0 or values.max() > 1:
        raise ValueError("a mean by betting is of at least one item, all in [0, 1]")
    bets, bound = _bets(values, alpha), math.log(2 / alpha)
    low = _last_ruled_out(lambda m: _wealth(values, bets, m) >= bound)
    high = 1 - _last_ruled_out(lambda m: _wealth(1 - values, bets, m) >= bound)
    ends = sorted((low, high))  # the other way round where chance ruled out every mean
    return Interval(ends[0], ends[1], 1 - alpha, "betting confidence sequence, items random")


def _last_ruled_out(ruled_out: Callable[[float], bool]) -> float:
    """The largest mean that is ruled out as too low, by halving: a gambler is never poorer for betting on less."""
    if not ruled_out(0.0):
        return 0.0
    below, above = 0.0, 1.0
    while above - below > FINE:
        middle = (below + above) / 2
        below, above = (middle, above) if ruled_out(middle) else (below, middle)
    return below


def _bets(x: Float[np.ndarray, " n"], alpha: float) -> Float[np.ndarray, " n"]:
    """l_i from the items before i alone: mean and variance begin at 1/2 and 1/4, as if of one item more."""
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    variances = (0.25 + np.cumsum(np.square(x - means))) / (t + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    bets: np.ndarray = np.sqrt(2 * math.log(2 / alpha) / (before * t * np.log1p(t)))
    return bets


def _wealth(x: Float[np.ndarray, " n"], bets: Float[np.ndarray, " n"], m: float) -> float:
    """log of the wealth, at its highest so far, of who bets that the items' mean is above m."""
    capped = np.minimum(bets, CAP / m) if m > 0 else bets
    return float(np.cumsum(np.log1p(capped * (x - m))).max())


def widened(value: float, interval: Interval, alpha: float) -> Interval:
    """An interval stretched about its value to the level 1 - alpha, each side by itself.

    low' = v - r (v - low), high' = v + r (high - v), r = z(1 - alpha / 2) / z of the interval's own level. Assumes that
    the estimate is near enough to normal for its quantiles to be proportional; at small counts it is not, so a share
    needs its sequence as well. Where the value lies outside its interval (a bias taken off), the middle stands for it.
    """
    z = NormalDist().inv_cdf
    ratio = max(1.0, z(1 - alpha / 2) / z(0.5 + interval.level / 2))
    centre = value if interval.low <= value <= interval.high else (interval.low + interval.high) / 2
    low, high = centre - ratio * (centre - interval.low), centre + ratio * (interval.high - centre)
    return Interval(low, high, max(interval.level, 1 - alpha), f"{interval.method}, widened")


def look_interval(estimate: Estimate, *, alpha: float, looks: int) -> Interval | None:
    """What may be said of an estimate at one of so many looks, all of them holding together with chance 1 - alpha.

    The estimate's own interval, which knows every random input, widened to 1 - alpha / looks. Where the estimate is the
    mean of its items, hulled with what these say by themselves: in [0, 1] their confidence sequence at alpha, which is
    exact where few events make the own interval too narrow; elsewhere Hall's interval at alpha / looks, which knows
    their skewness. None where the estimate has no interval.
    """
    if estimate.interval is None:
        return None
    found = widened(estimate.value, estimate.interval, alpha / looks)
    method = f"{found.method} for {looks} look{'' if looks == 1 else 's'}"
    items = np.asarray(estimate.detail.values, dtype=np.float64)
    if len(items) < LEAST or abs(float(items.mean()) - estimate.value) > NEAR * max(1.0, abs(estimate.value)):
        return Interval(found.low, found.high, 1 - alpha, method)
    if items.min() < 0 or items.max() > 1:
        own = skewed_mean_interval(items, level=1 - alpha / looks)
        both = hull(found, own)
        return Interval(both.low, both.high, 1 - alpha, f"{method}, and {own.method}")
    binary = bool(((items == 0) | (items == 1)).all())
    exact = rate_sequence(round(items.sum()), len(items), alpha) if binary else mean_sequence(items, alpha)
    both = hull(found, exact)
    return Interval(max(0.0, both.low), min(1.0, both.high), 1 - alpha, f"{method}, and {exact.method}")
