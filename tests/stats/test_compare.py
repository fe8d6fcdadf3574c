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


def test_a_target_is_one_for_the_mean_and_not_for_each_item():
    # Wins are 0 or 1, so every item lies 0.5 from the target of 0.5, whatever the model prefers.
    fair, biased = np.tile([0.0, 1.0], 100), np.tile([1.0, 1.0, 1.0, 0.0], 50)
    found = compare_paired(fair, biased, better=Toward(0.5))
    assert found.answer == "worse"
    assert found.difference == pytest.approx(0.25)
    assert compare_paired(biased, fair, better=Toward(0.5)).answer == "better"
    # As far on the other side is neither better nor worse.
    assert compare_paired(biased, 1 - biased, better=Toward(0.5)).difference == pytest.approx(0.0)


def test_around_a_target_no_more_false_answers_than_promised():
    rng = np.random.default_rng(5)
    answers = [
        compare_paired(*(rng.binomial(1, 0.5, (2, 300)).astype(float)), better=Toward(0.5)).answer for _ in range(400)
    ]
    assert sum(answer in ("better", "worse") for answer in answers) <= 32  # 0.05 of 400, and 2.7 standard errors


def test_few_rare_events_are_no_surer_than_mcnemars_exact_test():
    a, b = np.zeros(1000), np.zeros(1000)
    b[:5] = 1
    assert scipy_stats.ttest_rel(b, a).pvalue < 0.05
    found = compare_paired(a, b, better="lower")
    assert found.p_value == pytest.approx(scipy_stats.binomtest(5, 5).pvalue)
    assert found.answer == "cannot tell"
    assert found.n_needed == pytest.approx(1064, abs=2)
    b[:7] = 1
    assert compare_paired(a, b, better="lower").answer == "worse"


def test_two_items_that_agree_to_the_last_digit_prove_nothing():
    assert compare_paired(np.zeros(2), np.ones(2), better="lower").answer == "cannot tell"
    assert compare_paired(np.zeros(20), np.ones(20), better="lower").answer == "worse"


def test_items_that_share_a_context_count_once():
    rng = np.random.default_rng(6)
    shift = rng.normal(0.3, 1, 10)
    a, clusters = rng.normal(size=500), np.repeat(np.arange(10), 50)
    b = a + np.repeat(shift, 50)
    assert compare_paired(a, b, better="lower").answer in ("better", "worse")
    found = compare_paired(a, b, better="lower", clusters=clusters)
    assert found.answer == "cannot tell"
    assert found.p_value == pytest.approx(scipy_stats.ttest_1samp(shift, 0).pvalue)
    assert found.n == 10


def test_what_the_correction_takes_back_names_an_n_that_would_stand():
    rng = np.random.default_rng(4)
    weak = compare_paired(np.zeros(60), rng.normal(0, 1, 60) + 0.4, better="lower")
    nulls = [compare_paired(np.zeros(60), rng.normal(0, 1, 60), better="lower") for _ in range(40)]
    alone, among = corrected([weak])[0], corrected([weak, *nulls])[0]
    assert alone.answer == "worse"
    assert alone.n_needed is None
    assert among.n_needed > 60
    unsure = next(n for n in nulls if n.n_needed is not None)
    assert corrected([unsure, weak, *nulls])[0].n_needed > unsure.n_needed
