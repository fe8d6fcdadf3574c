"""Intervals against libraries and known answers."""

import numpy as np
import pytest
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from genbench.core.errors import NotApplicable
from genbench.stats.intervals import bootstrap, mean_interval, normal_interval, ratio_interval, wilson
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
    found = tpr_at_fpr_interval(np.zeros(100), rng.normal(5, 1, 400), 0.01, rng=rng)
    assert found.low == 0.0
    assert found.high > 0.02
