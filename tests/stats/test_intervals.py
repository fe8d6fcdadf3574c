"""Intervals against libraries and known answers."""

import numpy as np
import pytest
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from genbench.core.errors import NotApplicable
from genbench.core.score import Interval
from genbench.stats.intervals import (
    bootstrap,
    effective_n,
    mean_interval,
    normal_interval,
    ratio_error,
    ratio_interval,
    squared_interval,
    wilson,
    with_floor,
)
from genbench.stats.roc import auc, auc_interval, threshold_at, tpr_at_fpr, tpr_at_fpr_interval, trials_needed


@pytest.mark.parametrize(("k", "n"), [(0, 30), (3, 30), (30, 30), (500, 1000)])
def test_wilson_equals_statsmodels(k, n):
    low, high = proportion_confint(k, n, method="wilson")
    found = wilson(k, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_no_zero_percent_from_thirty_trials():
    assert wilson(0, 30).high > 0.1


def test_the_mean_equals_students_interval():
    x = np.random.default_rng(0).normal(3, 2, size=40)
    expected = scipy_stats.t.interval(0.95, 39, x.mean(), scipy_stats.sem(x))
    assert (mean_interval(x).low, mean_interval(x).high) == pytest.approx(expected)


def test_clusters_widen_the_interval_as_their_means_would():
    rng = np.random.default_rng(1)
    means = rng.normal(size=30)
    x, clusters = np.repeat(means, 10), np.repeat(np.arange(30), 10)
    clustered, by_means = mean_interval(x, clusters=clusters), mean_interval(means)
    assert (clustered.low, clustered.high) == pytest.approx((by_means.low, by_means.high), rel=1e-9)
    assert mean_interval(x).high - mean_interval(x).low < 0.5 * (clustered.high - clustered.low)


def test_a_ratio_of_constants_is_certain():
    found = ratio_interval(np.full(5, 2.0), np.full(5, 4.0))
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))
    with pytest.raises(ValueError, match="at least 2"):
        ratio_interval(np.ones(4), np.ones(4), clusters=np.zeros(4))


def test_bootstrap_of_a_mean_agrees_with_the_normal():
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    found = bootstrap(lambda a: float(a.mean()), [x], rng=rng, resamples=2000)
    expected = normal_interval(float(x.mean()), float(x.std() / 20))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_auc_equals_sklearn_with_ties():
    rng = np.random.default_rng(3)
    p, q = np.round(rng.normal(0.5, 1, 70), 1), np.round(rng.normal(0, 1, 90), 1)
    assert auc(p, q) == pytest.approx(roc_auc_score([1] * 70 + [0] * 90, np.concatenate([p, q])))
    assert auc_interval(p, q).low < auc(p, q) < auc_interval(p, q).high


def test_a_perfect_separation_keeps_an_interval():
    found = auc_interval(np.arange(10.0) + 100, np.arange(10.0))
    assert found.high == 1.0
    assert found.low < 1.0


def test_a_rate_that_n_cannot_resolve_is_refused_with_the_n_that_can():
    assert trials_needed(0.01) == 300
    with pytest.raises(NotApplicable, match="needs 300"):
        threshold_at(np.arange(299.0), 0.01)


def test_the_threshold_holds_its_false_positive_rate_with_ties():
    negative = np.repeat(np.arange(10.0), 40)
    for fpr in (0.01, 0.1, 0.25):
        assert (negative > threshold_at(negative, fpr)).mean() <= fpr
    assert tpr_at_fpr(np.full(50, 9.0), negative, 0.01) == 0.0
    assert tpr_at_fpr(np.full(50, 9.5), negative, 0.01) == 1.0


def test_the_interval_of_a_rate_of_zero_stays_open():
    rng = np.random.default_rng(4)
    found = tpr_at_fpr_interval(np.zeros(100), rng.normal(5, 1, 400), 0.01)
    assert found.low == 0.0
    assert found.high > 0.02


def test_the_tails_interval_covers_the_rate_at_the_true_threshold():
    # N(1, 1) against N(0, 1) at 1 % false alarms: Phi(1 - 2.3263) = 0.0924; and one tenth planted far above
    rng = np.random.default_rng(5)
    shifted, planted = 0, 0
    for _ in range(300):
        negative, positive = rng.normal(size=350), rng.normal(size=300)
        found = tpr_at_fpr_interval(positive + 1, negative, 0.01)
        shifted += found.low <= 0.0924 <= found.high
        found = tpr_at_fpr_interval(np.where(rng.random(300) < 0.1, 9.0, positive), negative, 0.01)
        planted += found.low <= 0.1 + 0.9 * 0.01 <= found.high
    assert 0.92 <= shifted / 300 <= 0.99
    assert 0.92 <= planted / 300 <= 0.99


def test_positives_of_one_cluster_are_one_piece_of_evidence():
    rng = np.random.default_rng(6)
    negative, positive = rng.normal(size=400), np.repeat(rng.normal(size=20), 15)
    positive[:15] = 9.0
    alone = tpr_at_fpr_interval(positive, negative, 0.01)
    together = tpr_at_fpr_interval(positive, negative, 0.01, clusters=np.repeat(np.arange(20), 15))
    assert together.low < 0.02 < alone.low
    assert together.high > alone.high


def test_effective_n_is_n_without_clusters_and_their_number_where_they_agree():
    hits = np.repeat([True, False, False, True, False] * 8, 10)
    assert effective_n(hits, np.arange(400)) == pytest.approx(399, abs=1)
    assert effective_n(hits, np.repeat(np.arange(40), 10)) == pytest.approx(39, abs=1)
    assert effective_n(np.zeros(400, bool), np.repeat(np.arange(40), 10)) == 40
    assert effective_n(np.ones(7, bool), np.zeros(7, int)) == 1


def test_wilson_of_effective_trials_lies_between_whole_ones():
    assert wilson(2, 20).low < wilson(2.05, 20.5).low < wilson(2.1, 21).low


def test_a_value_against_a_measured_floor_covers_their_difference():
    """Newcombe's interval for the difference of two shares, set back by the floor; checked with his own example."""
    # Newcombe 1998, table II (a): 56/70 - 48/80 = 0.2, method 10 gives 0.0524 to 0.3339
    found = with_floor(56 / 70, wilson(56, 70), 48 / 80, wilson(48, 80))
    assert (found.low - 0.6, found.high - 0.6) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    certain = with_floor(0.5, wilson(50, 100), 0.1, Interval(0.1, 0.1))
    assert (certain.low, certain.high) == pytest.approx((wilson(50, 100).low, wilson(50, 100).high))


def test_a_ratios_error_is_what_its_interval_is_made_of():
    rng = np.random.default_rng(7)
    a, b = rng.gamma(3, 1, 12), rng.gamma(5, 1, 12)
    error, m = ratio_error(a, b)
    assert m == 12
    expected = scipy_stats.t.ppf(0.975, 11) * error
    assert (ratio_interval(a, b).high - ratio_interval(a, b).low) / 2 == pytest.approx(expected)


def test_a_squared_distance_reaches_as_far_as_its_error_would_if_it_were_larger():
    """Worked by hand: value 2, first-order variance 0.5, second-order 0.5: a = 0.25, well below its bound of 2."""
    found = squared_interval(2.0, 1.0, 0.5)
    z = 1.959963984540054
    assert found.low == pytest.approx(2 - z)
    assert found.high == pytest.approx(2 + z**2 / 8 + z * (0.5 + z**2 / 64 + 0.5) ** 0.5)
    # the upper end is where (value - t)^2 = z^2 (a t + b)
    assert (found.high - 2) ** 2 == pytest.approx(z**2 * (0.25 * found.high + 0.5))


def test_a_squared_distance_near_zero_uses_the_bound_and_needs_no_positive_value():
    found = squared_interval(-0.5, 0.5, 0.25)
    assert found.low == pytest.approx(-0.5 - 1.959963984540054 * 0.5)
    assert found.high > 0
    flat = squared_interval(0.0, 0.0, 0.0)
    assert (flat.low, flat.high) == (0.0, 0.0)


@pytest.mark.parametrize("shift", [0.0, 0.25, 1.0])
def test_a_squared_mean_is_covered_near_zero_and_far_from_it(shift):
    """|mean|^2 of 100 normal rows in one dimension, where value -+ z errors covers too seldom at a quarter."""
    rng = np.random.default_rng(11)
    covered = plain = 0
    for _ in range(2000):
        x = rng.normal(shift, 1, 100)
        variance = x.var(ddof=1) / 100
        value, second = x.mean() ** 2 - variance, 2 * variance**2
        error = (max(0.0, 4 * value * variance) + second) ** 0.5
        found = squared_interval(value, error, second)
        covered += found.low <= shift**2 <= found.high
        plain += abs(value - shift**2) <= 1.96 * error
    assert covered / 2000 > 0.94
    assert shift != 0.25 or plain / 2000 < 0.92
