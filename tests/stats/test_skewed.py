"""Hall's interval of a mean: Student's where nothing is skewed, and shifted to the long tail where something is."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.stats.intervals import mean_interval
from genbench.stats.skewed import skewed_mean_interval


def test_symmetric_values_have_students_interval():
    values = np.concatenate([np.arange(1.0, 21), -np.arange(1.0, 21)])
    found, plain = skewed_mean_interval(values), mean_interval(values)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


def test_the_ends_are_where_halls_transformed_statistic_meets_students_quantiles():
    """Checked forwards: the cubic g(u) of (mean - end) / s, and not its inverse, equals the quantile."""
    from scipy.stats import skew, t

    values = np.random.default_rng(0).gamma(0.7, size=40)
    found, n = skewed_mean_interval(values, level=0.9), 40
    g, s = float(skew(values)), float(values.std(ddof=1))
    quantile = t.ppf(0.95, n - 1) / n**0.5
    for end, wanted in ((found.low, quantile), (found.high, -quantile)):
        u = (values.mean() - end) / s
        assert u + g * u**2 / 3 + g**2 * u**3 / 27 + g / (6 * n) == pytest.approx(wanted, abs=1e-12)


def test_the_longer_side_is_that_of_the_long_tail_and_it_turns_with_the_values():
    values = np.random.default_rng(1).exponential(size=30)
    found, turned = skewed_mean_interval(values), skewed_mean_interval(-values)
    assert found.high - values.mean() > values.mean() - found.low
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_values_that_are_all_alike_have_a_point_and_two_have_no_skewness():
    found = skewed_mean_interval(np.full(5, 2.5))
    assert (found.low, found.high) == (2.5, 2.5)
    with pytest.raises(ValueError, match="at least 3"):
        skewed_mean_interval(np.array([1.0, 2.0]))
