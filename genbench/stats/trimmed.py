"""A mean without its extremes, as perceptual path lengths are averaged, and its interval."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy import stats as scipy_stats

from genbench.core.score import Interval

LEAST = 4


def trimmed_mean(
    values: Float[np.ndarray, " n"], share: float = 0.01, *, level: float = 0.95
) -> tuple[float, Interval]:
    """(mean of the values from quantile `share` to 1 - share, those two included; its interval).

    The quantiles are values of the sample: the next below `share` and the next above 1 - share, as in the published
    code of arXiv:1812.04948, so that nothing is left out of up to 100 values at 1 %. Interval: Tukey and McLaughlin
    (1963), items random: with g left out, the deviation s of the sample whose extremes are moved to those quantiles
    gives the error s / ((1 - g/n) sqrt(n)); Student's with n - g - 1 degrees of freedom. `ValueError` below 4 values.
    """
    n = len(values)
    if n < LEAST:
        raise ValueError(f"a trimmed mean needs {LEAST} values, got {n}")
    low = float(np.quantile(values, share, method="lower"))
    high = float(np.quantile(values, 1 - share, method="higher"))
    kept = values[(low <= values) & (values <= high)]
    value, left_out = float(kept.mean()), n - len(kept)
    error = float(np.clip(values, low, high).std(ddof=1)) / ((1 - left_out / n) * math.sqrt(n))
    reach = float(scipy_stats.t.ppf(0.5 + level / 2, n - left_out - 1)) * error
    return value, Interval(value - reach, value + reach, level, "trimmed mean, winsorized error, items random")
