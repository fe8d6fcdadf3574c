"""Permutation nulls: what a statistic shows where nothing is there, from the same data with the labels dealt again.

Where two sides are exchangeable, every dealing of their labels was as likely as the one seen. So whatever ties the
items to each other (neighbours they share, a judge fitted on all of them) ties the dealt ones as well, and a test
against them is exact at any n, where a formula for independent items is too sure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from jaxtyping import Bool, Float

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.stats.intervals import wilson
from genbench.stats.roc import auc_trials

DEALS = 99
FARTHEST = 8.0  # standard errors, beyond which a level is 1 to a computer


def deals(n: int, m: int, draws: int, rng: Rng) -> Bool[np.ndarray, "draws k"]:
    """Dealings of n + m items to two sides: true where an item goes to the first side, which gets n."""
    dealt = np.zeros((draws, n + m), dtype=bool)
    dealt[:, :n] = True
    whole: np.ndarray = rng.permuted(dealt, axis=1)
    return whole


def p_value(observed: float, null: Float[np.ndarray, " draws"]) -> float:
    """(1 + how many dealt values reach the observed one) / (draws + 1): never 0, and below alpha with chance alpha at
    most (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585)."""
    return float((1 + np.count_nonzero(null >= observed)) / (len(null) + 1))


def reach(null: Float[np.ndarray, " draws"], level: float = 0.95) -> float:
    """The value that the observed one exceeds with chance 1 - level at most, under the null; infinite where the draws
    are too few to know: the ceil(level (draws + 1))-th smallest."""
    rank = math.ceil(level * (len(null) + 1) - 1e-9)
    return float(np.sort(null)[rank - 1]) if rank <= len(null) else math.inf


def dealt_auc_interval(
    seen: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " m"]],
    scores: Callable[[Bool[np.ndarray, "draws _"]], Float[np.ndarray, "draws _"]],
    *,
    rng: Rng,
    draws: int = DEALS,
    level: float = 0.95,
) -> Interval:
    """Interval of an AUC whose scores depend on who is on which side; both sides are random, and tied together.

    seen: scores of positives and negatives. scores: from dealings (true: positive) [draws n+m] to the scores that all
    items would have had in each. The interval is `auc_interval`'s with z replaced by the studentized permutation
    quantile (Janssen 1997, doi:10.1016/S0167-7152(97)00043-6): that of |A - 1/2| / sqrt(1/4 / n_eff) over the dealings,
    at least z. So it leaves 1/2 out only where the permutation test rejects it, which under exchangeability happens
    with chance 1 - level at most; away from 1/2 it is as much wider.
    """
    dealt = deals(len(seen[0]), len(seen[1]), draws, rng)
    said, n = scores(dealt), len(seen[0])
    null = _distances(said[dealt].reshape(draws, n), said[~dealt].reshape(draws, -1))
    z = min(max(NormalDist().inv_cdf(0.5 + level / 2), reach(null, level)), FARTHEST)
    value, trials = (float(part[0]) for part in auc_trials(seen[0][None], seen[1][None]))
    found = wilson(value * trials, trials, 2 * NormalDist().cdf(z) - 1)
    method = "Wilson at DeLong's variance, widened to a permutation null; both sides random"
    return Interval(min(found.low, value), max(found.high, value), level, method)


def _distances(positive: Float[np.ndarray, "draws n"], negative: Float[np.ndarray, "draws m"]) -> np.ndarray:
    """|A - 1/2| of each dealing in standard errors, as Wilson's interval of an AUC counts them at 1/2."""
    value, trials = auc_trials(positive, negative)
    return np.abs(value - 0.5) / np.sqrt(0.25 / trials)
