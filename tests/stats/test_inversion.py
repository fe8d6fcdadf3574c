"""Inverting a statistic that chance pushes up: a folded normal, whose truth is known, is covered and unbiased."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.stats.inversion import inverted

NOISE = np.random.default_rng(0).normal(size=20_000)


def folded(truth: float) -> np.ndarray:
    """|t + noise|: at t = 0 its mean is sqrt(2 / pi), not 0."""
    return np.abs(truth + NOISE)


def test_quantiles_are_inverted_where_they_are_known():
    found = inverted(5.0, folded, 12.0)  # far from 0 nothing is folded
    assert (found.low, found.value, found.high) == pytest.approx((5 - 1.96, 5.0, 5 + 1.96), abs=0.06)
    assert found.chance == pytest.approx(np.sqrt(2 / np.pi), abs=0.02)


def test_what_chance_shows_is_zero_and_what_is_beyond_the_line_is_its_end():
    assert inverted(0.3, folded, 6.0).value == 0.0
    assert inverted(0.3, folded, 6.0).low == 0.0
    assert inverted(50.0, folded, 6.0).value == 6.0


@pytest.mark.parametrize("truth", [0.0, 1.0, 3.0])
def test_the_truth_is_covered(truth):
    rng = np.random.default_rng(1)
    found = [inverted(abs(truth + rng.normal()), lambda t: folded(t)[:2000], 8.0) for _ in range(150)]
    assert np.mean([f.low <= truth <= f.high for f in found]) >= 0.9
