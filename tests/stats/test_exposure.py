"""Exposure: ranks by hand, what chance gives, and a tail that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from genbench.stats.exposure import exposure_by_chance, exposure_interval, exposures, extrapolated


def test_ranks_by_hand():
    # Among 7 others: first of 8 is 3 bits, second 2, last 0; a tie counts against the secret.
    never = np.arange(1.0, 8.0)
    found = exposures(np.array([9.0, 6.5, 0.5, 7.0]), never)
    assert found.tolist() == pytest.approx([3.0, 2.0, 0.0, 2.0])


def test_chance_gives_the_mean_over_all_ranks():
    assert exposure_by_chance(7) == pytest.approx(np.mean([3 - math.log2(r) for r in range(1, 9)]))
    assert exposure_by_chance(100_000) == pytest.approx(math.log2(math.e), abs=1e-4)
    rng = np.random.default_rng(0)
    drawn = [exposures(rng.normal(size=4), rng.normal(size=50)).mean() for _ in range(2000)]
    assert np.mean(drawn) == pytest.approx(exposure_by_chance(50), abs=0.06)


def test_all_first_is_no_certainty():
    found = exposure_interval(np.full(8, 9.0), np.arange(320) / 320)
    assert found.high == pytest.approx(math.log2(321))
    assert 5 < found.low < 7  # eight of eight allow that a third of all secrets is unknown


def test_the_jackknife_is_the_one_written_out():
    rng = np.random.default_rng(1)
    own, never = rng.normal(0.5, 1, 12), rng.normal(size=40)
    without = np.array([exposures(own, np.delete(never, j)).mean() for j in range(40)])
    error = math.sqrt(exposures(own, never).var(ddof=1) / 12 + 39 / 40 * np.square(without - without.mean()).sum())
    value = exposures(own, never).mean()
    reach = scipy_stats.t.ppf(0.975, 11) * error
    found = exposure_interval(own, never)
    assert found.low == pytest.approx(max(0.0, value - reach))
    assert found.high == pytest.approx(value + reach)


def test_the_tail_of_a_skew_normal_is_found_beyond_what_ranks_resolve():
    rng = np.random.default_rng(2)
    never = scipy_stats.skewnorm.rvs(3, -20, 4, size=20_000, random_state=rng)
    own = np.array([-20.0, -14.0, -8.0])
    true = -np.log2(scipy_stats.skewnorm.sf(own, 3, -20, 4))
    assert extrapolated(own, never, 40.0) == pytest.approx(true, rel=0.06)
    assert true[2] > 8
    assert extrapolated(np.array([100.0, -np.inf]), never, 37.6).tolist() == [37.6, 0.0]
    assert extrapolated(np.array([1.0]), np.zeros(9), 5.0).tolist() == [5.0]
