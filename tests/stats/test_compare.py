"""Comparisons answer in four ways, and agree with scipy and statsmodels where these do the same."""

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from genbench.core.score import Interval, Toward
from genbench.stats.compare import compare_paired, compare_separate, corrected, holm


def test_paired_p_value_equals_scipys():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), rng.normal(0.3, 1, size=50)
    found = compare_paired(a, b, better="lower")
    assert found.p_value == pytest.approx(scipy_stats.ttest_rel(b, a).pvalue)
    assert found.difference == pytest.approx((b - a).mean())


def test_direction_is_the_metrics_own():
    rng = np.random.default_rng(1)
    a = rng.normal(size=200)
    b = a + 1 + rng.normal(0, 0.1, 200)
    assert compare_paired(a, b, better="lower").answer == "worse"
    assert compare_paired(a, b, better="higher").answer == "better"
    assert compare_paired(a, b, better=Toward(10.0)).answer == "better"


def test_same_agrees_with_two_one_sided_tests():
    rng = np.random.default_rng(2)
    for shift in (0.0, 0.2, 0.4):
        a = rng.normal(size=80)
        b = a + shift + rng.normal(0, 0.5, 80)
        p = ttost_paired(b, a, -0.3, 0.3)[0]
        assert (compare_paired(a, b, better="lower", margin=0.3).answer == "same") == (p < 0.05)


def test_cannot_tell_names_an_n_that_tells():
    rng = np.random.default_rng(3)
    a = rng.normal(size=20)
    b = a + 0.3 + rng.normal(size=20)
    found = compare_paired(a, b, better="lower")
    assert found.answer == "cannot tell"
    assert found.n_needed > 20


def test_separate_runs():
    clear = compare_separate((1.0, Interval(0.9, 1.1)), (2.0, Interval(1.9, 2.1)), 100, better="lower")
    assert clear.answer == "worse"
    assert (
        compare_separate((1.0, Interval(0.5, 1.5)), (1.1, Interval(0.6, 1.6)), 100, better="lower").answer
        == "cannot tell"
    )


def test_holm_equals_statsmodels():
    p = [0.01, 0.04, 0.03, 0.005, 0.5]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_many_questions_take_weak_answers_back():
    rng = np.random.default_rng(4)
    weak = compare_paired(np.zeros(60), rng.normal(0, 1, 60) + 0.4, better="lower")
    assert weak.answer == "worse"
    nulls = [compare_paired(np.zeros(60), rng.normal(0, 1, 60), better="lower") for _ in range(40)]
    assert corrected([weak, *nulls])[0].answer == "cannot tell"
