"""A mean in units of the distance between two items: a hand-worked jackknife, and how often its interval holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from genbench.stats.pairs import share_of_distance


def apart(z):
    return np.abs(z[:, None] - z).sum(axis=1) / (len(z) - 1)


def test_the_jackknife_leaves_each_item_out_of_both_means():
    z, values = np.array([0.0, 1.0, 4.0, 9.0, 11.0]), np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    found = share_of_distance(values, apart(z))
    kept = [np.delete(np.arange(5), i) for i in range(5)]
    without = np.array([values[k].mean() / apart(z[k]).mean() for k in kept])
    error = np.sqrt(4 / 5 * ((without - without.mean()) ** 2).sum())
    assert (found.low + found.high) / 2 == pytest.approx(3 / apart(z).mean())
    assert (found.high - found.low) / 2 == pytest.approx(t.ppf(0.975, 4) * error)


def test_no_unit_matters():
    rng = np.random.default_rng(0)
    z, values = rng.normal(size=30), rng.exponential(size=30)
    small, large = share_of_distance(values, apart(z)), share_of_distance(1e6 * values, apart(1e6 * z))
    assert large.low == pytest.approx(small.low)
    assert large.high == pytest.approx(small.high)


def test_it_holds_the_truth_of_normal_items():
    """|z_i| of standard normals has mean sqrt(2 / pi), two of them lie 2 / sqrt(pi) apart: a share of 1 / sqrt 2."""
    rng, inside = np.random.default_rng(1), 0
    for _ in range(400):
        z = rng.normal(size=40)
        found = share_of_distance(np.abs(z), apart(z))
        inside += found.low <= 0.5**0.5 <= found.high
    assert 366 <= inside <= 394
