"""A mean over items in units of the mean distance between two of them."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from genbench.core.score import Interval


def share_of_distance(
    values: Float[np.ndarray, " n"], away: Float[np.ndarray, " n"], *, level: float = 0.95
) -> Interval:
    """Interval of R = mean(values) / mean(away), away[i] the mean distance of item i to the n - 1 others, n > 2.

    Jackknife: R_i is the mean of the others' values over the mean distance of two others, from which all distances to i
    are gone too: (n mean(away) - 2 away[i]) / (n - 2). The error is sqrt((n - 1) mean (R_i - R.)^2), and Student's
    quantile with n - 1 degrees of freedom makes an interval of it. Items random and independent.
    """
    n, ratio = len(values), float(values.mean() / away.mean())
    without = (values.sum() - values) / (n - 1) * (n - 2) / (away.sum() - 2 * away)
    error = math.sqrt((n - 1) * float(without.var()))
    reach = float(stdtrit(n - 1, 0.5 + level / 2)) * error
    return Interval(ratio - reach, ratio + reach, level, "jackknife, items random")
