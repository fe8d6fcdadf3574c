"""Means without extremes: what the published code averages, and an interval that scipy makes as well."""

import numpy as np
import pytest
from scipy.stats import mstats

from genbench.stats.trimmed import trimmed_mean


def published(distances):
    """As the metric of StyleGAN averages, word for word in today's NumPy."""
    lo = np.percentile(distances, 1, method="lower")
    hi = np.percentile(distances, 99, method="higher")
    return float(np.mean(np.extract(np.logical_and(lo <= distances, distances <= hi), distances)))


@pytest.mark.parametrize("n", [4, 100, 101, 300, 5000])
def test_it_is_the_published_average(n):
    x = np.random.default_rng(n).exponential(size=n)
    assert trimmed_mean(x)[0] == pytest.approx(published(x), rel=1e-12)


def test_of_up_to_a_hundred_values_nothing_is_left_out():
    x = np.random.default_rng(0).normal(size=100)
    x[7] = 1e6
    assert trimmed_mean(x)[0] == pytest.approx(x.mean())
    assert trimmed_mean(np.append(x, 0.0))[0] < 1  # of 101 the wildest on each side


@pytest.mark.parametrize("n", [201, 401, 1001])
def test_its_interval_is_scipys(n):
    x = np.random.default_rng(n).exponential(size=n)
    value, found = trimmed_mean(x)
    low, high = mstats.trimmed_mean_ci(x, limits=(0.0101 * (n - 1) / n, 0.0101 * (n - 1) / n), alpha=0.05)
    assert (found.low, found.high) == pytest.approx((float(low), float(high)), rel=2e-3)
    assert found.low < value < found.high


def test_too_few_values_are_refused():
    with pytest.raises(ValueError, match="needs 4 values, got 3"):
        trimmed_mean(np.arange(3.0))
