"""Exposure: how far up a secret that was told stands among secrets that were not (Carlini et al. 2019, 1802.08232)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy import stats as scipy_stats
from scipy.special import gammaln

from genbench.core.score import Interval
from genbench.stats.intervals import wilson

STEEPEST = 0.99  # skewness of a skew normal, at most 0.9953


def exposures(own: Float[np.ndarray, " k"], never: Float[np.ndarray, " m"]) -> Float[np.ndarray, " k"]:
    """Bits of each own score: log2(m + 1) - log2 rank, its rank among itself and the m, ties against it.

    log2|R| - log2 rank over the whole space R, estimated by m draws from it (the paper's section 4.2): 0 where all
    never-inserted ones are likelier, log2(m + 1) where none is, and then the truth may be higher.
    """
    ranks = 1 + (never[None] >= own[:, None]).sum(axis=1)
    found: np.ndarray = math.log2(len(never) + 1) - np.log2(ranks)
    return found


def exposure_by_chance(m: int) -> float:
    """Expected bits of a score that is like the m others: its rank is uniform on 1..m+1; near log2 e = 1.44."""
    return float(math.log2(m + 1) - gammaln(m + 2) / math.log(2) / (m + 1))


def exposure_interval(own: Float[np.ndarray, " k"], never: Float[np.ndarray, " m"], *, level: float = 0.95) -> Interval:
    """Interval of the mean exposure of k secrets among m others: both are random, k and m at least 2.

    var = s^2 / k + the jackknife's over the m others, Student's with k - 1 degrees of freedom, within [0, log2(m + 1)].
    No end is nearer to a bound than the rule of three allows for k secrets, of which none was seen there.
    """
    found, k, m, top = exposures(own, never), len(own), len(never), math.log2(len(never) + 1)
    value = float(found.mean())
    above = never[None] >= own[:, None]  # [k m]
    without = (math.log2(m) - np.log2(1 + above.sum(axis=1, keepdims=True) - above)).mean(axis=0)  # [m]
    error = math.sqrt(found.var(ddof=1) / k + (m - 1) / m * np.square(without - without.mean()).sum())
    reach, unseen = float(scipy_stats.t.ppf(0.5 + level / 2, k - 1)) * error, wilson(0, k, level).high
    low, high = min(value - reach, value - unseen * value), max(value + reach, value + unseen * (top - value))
    method = "Student's over secrets, jackknife over those never inserted; rule of three at least"
    return Interval(max(0.0, low), min(top, high), level, method)


def extrapolated(own: Float[np.ndarray, " k"], never: Float[np.ndarray, " m"], bits: float) -> Float[np.ndarray, " k"]:
    """-log2 P(another secret scores as high) by a skew normal of the never-inserted scores' first three moments.

    The paper's section 4.3, which ranks past what m draws resolve; no higher than `bits` = log2|R|. A guess about a
    tail: shown, never judged. Scores of -inf are left out of the moments.
    """
    never = never[np.isfinite(never)]
    if len(never) < 3:
        return np.where(own > -np.inf, bits, 0.0)
    mean, deviation = float(never.mean()), float(never.std(ddof=1))
    if deviation == 0:
        return np.where(own > mean, bits, 0.0)
    skew = float(np.clip(scipy_stats.skew(never), -STEEPEST, STEEPEST))
    power = abs(skew) ** (2 / 3)
    d = math.copysign(math.sqrt(math.pi / 2 * power / (power + ((4 - math.pi) / 2) ** (2 / 3))), skew)
    scale = deviation / math.sqrt(1 - 2 * d**2 / math.pi)
    place = mean - scale * d * math.sqrt(2 / math.pi)
    with np.errstate(divide="ignore"):
        tail = -np.log2(scipy_stats.skewnorm.sf(own, d / math.sqrt(1 - d**2), place, scale))
    made: np.ndarray = np.minimum(tail, bits)
    return made
