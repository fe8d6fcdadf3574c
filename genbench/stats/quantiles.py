"""Intervals of quantiles by order statistics: no assumption about the distribution's shape."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.stats import binom

from genbench.core.errors import NotApplicable
from genbench.core.score import Interval


def quantile_interval(values: Float[np.ndarray, " n"], q: float, *, level: float = 0.95) -> Interval:
    """Interval of the q-quantile: the items are random and independent; in the values' unit.

    [x_(l), x_(u)] with l, u the ranks that bound a binomial (n, q), the number of items below the true quantile
    (Thompson 1936; David and Nagaraja 2003, section 7.1): it holds with chance `level` at least, for any distribution.
    `NotApplicable` names the n that is needed where no item lies far enough out.
    """
    if not 0 < q < 1:
        raise ValueError(f"a quantile lies between 0 and 1, got {q}")
    n, tail = len(values), (1 - level) / 2
    lower, upper = int(binom.ppf(tail, n, q)), int(binom.ppf(1 - tail, n, q)) + 1
    if lower < 1 or upper > n:
        need = needed(q, level)
        raise NotApplicable(f"an interval of the {q:g}-quantile needs {need} items, got {n}")
    ordered = np.sort(values)
    return Interval(float(ordered[lower - 1]), float(ordered[upper - 1]), level, "order statistics, items random")


def needed(q: float, level: float = 0.95) -> int:
    """The least n at which items lie beyond the quantile on both sides, but for a chance of (1 - level) / 2 each."""
    return math.ceil(math.log((1 - level) / 2) / math.log(max(q, 1 - q)))
