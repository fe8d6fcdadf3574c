"""Intervals of quantiles."""

from __future__ import annotations

import math

from genbench.selftest.coverage import Case
from genbench.stats.quantiles import quantile_interval

CASES = (
    Case("order statistics", "median of 60 exponential values", math.log(2),
         lambda rng: quantile_interval(rng.exponential(size=60), 0.5)),
    Case("order statistics", "95 % quantile of 200 exponential values", math.log(20),
         lambda rng: quantile_interval(rng.exponential(size=200), 0.95)),
)  # fmt: skip
