"""Welch's interval against scipy's own."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from genbench.stats.welch import welch_reach


def test_it_is_scipys_interval_of_two_means() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=12), rng.normal(0, 4, size=30)
    found = scipy_stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    reach = welch_reach([(float(side.var(ddof=1)) / len(side), len(side)) for side in (a, b)])
    assert reach == pytest.approx((found.high - found.low) / 2)


def test_where_nothing_varies_it_reaches_nowhere() -> None:
    assert welch_reach([(0.0, 5), (0.0, 9)]) == 0.0
