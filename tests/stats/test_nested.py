"""Training noise apart from sampling noise: against one-way analysis of variance, scipy's tests and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from genbench.core.score import Toward
from genbench.stats.nested import compare_families, nested, shared_difference, shared_variance

HAND = np.array([[2.0, 4.0, 6.0], [5.0, 7.0, 9.0], [8.0, 10.0, 12.0]])  # three members, three items each


def members(x: np.ndarray) -> tuple[list[float], list[float]]:
    return x.mean(axis=1).tolist(), (x.std(axis=1, ddof=1) / x.shape[1] ** 0.5).tolist()


def test_a_case_worked_by_hand():
    """Means 4, 7, 10; MSB = 3 * 9 = 27, MSW = 4: tau^2 = (27 - 4) / 3; the mean 7 with S / sqrt 3 = sqrt 3."""
    found = nested(*members(HAND))
    assert found.mean == 7
    assert found.training**2 == pytest.approx(23 / 3)
    assert found.sampling**2 == pytest.approx(4 / 3)
    assert found.interval.high - 7 == pytest.approx(4.302652729911275 * 3**0.5)  # t(2) at 97.5 %


def test_it_is_the_analysis_of_variance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 1)) + rng.normal(size=(6, 40))
    f, within = scipy_stats.f_oneway(*x).statistic, x.var(axis=1, ddof=1).mean()
    assert nested(*members(x)).training ** 2 == pytest.approx((f - 1) * within / 40)
    assert f > 1


def test_without_shared_items_it_is_students_interval_and_welchs_test():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=5), rng.normal(0.5, 2, size=4)
    peer = scipy_stats.ttest_1samp(x, 0).confidence_interval(0.95)
    found = nested(x.tolist(), [0.1] * 5).interval
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high))
    welch = scipy_stats.ttest_ind(y, x, equal_var=False)
    ours = compare_families(x.tolist(), y.tolist(), better="lower")
    assert ours.difference == pytest.approx(y.mean() - x.mean())
    # our degrees of freedom are whole, rounded down, as a comparison's are
    p_floor = 2 * scipy_stats.t.sf(abs(welch.statistic), int(welch.df))
    assert ours.p_value == pytest.approx(p_floor)


def test_shared_items_are_found_again():
    rng = np.random.default_rng(2)
    parts = []
    for _ in range(200):
        difficulty = 2 * rng.normal(size=50)
        a, b = difficulty + rng.normal(size=(3, 50)), 1.5 * difficulty + rng.normal(size=(4, 50))
        parts.append((shared_variance(a), shared_difference(a, b)))
    assert np.mean(parts, axis=0) == pytest.approx((4 / 50, 1 / 50), rel=0.1)  # var(2 z) / 50, var(3 z - 2 z) / 50


def test_a_checkpoint_may_be_better_where_the_family_is_not():
    """The checkpoints' own items decide in a moment; three trainings that scatter more than they differ do not."""
    a, b = [1.00, 1.30, 0.80], [0.90, 1.40, 0.70]
    assert compare_families(a, b, better="lower").answer == "cannot tell"
    assert compare_families(a, b, better="lower").n_needed > 6
    far = compare_families(a, [x - 2 for x in b], better="lower")
    assert far.answer == "better"
    assert compare_families(a, [x - 2 for x in b], better="higher").answer == "worse"
    assert compare_families([0.9, 0.8, 0.85], [0.5, 0.52, 0.49], better=Toward(0.5)).answer == "better"


def test_false_claims_about_families_are_as_rare_as_said_and_by_checkpoints_they_are_not():
    """Two families alike, training noise three times the sampling noise: one checkpoint of each misleads often."""
    rng = np.random.default_rng(3)
    families = checkpoints = 0
    for _ in range(1000):
        x, y = (0.3 * rng.normal(size=3) + 0.1 * rng.normal(size=3) for _ in range(2))
        families += compare_families(x.tolist(), y.tolist(), better="lower").p_value < 0.05
        checkpoints += abs(x[0] - y[0]) > 1.96 * 0.1 * 2**0.5
    assert families <= 65
    assert checkpoints > 400


def test_trainings_that_differ_by_a_rounding_are_judged_by_the_sampling_noise():
    """A family whose fit has no chance in it gives one checkpoint over and over, but for the last digit."""
    a, b = [1.0, 1.0 + 1e-15, 1.0], [0.0, 0.0, 1e-15]
    found = compare_families(a, b, better="lower", shared=0.01)
    assert found.answer == "better"
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.96 * 0.1, rel=1e-3)
    assert nested(a, [0.1] * 3, shared=0.01).interval.high == pytest.approx(1 + 1.96 * 0.1, rel=1e-3)


def test_members_alike_leave_no_training_noise_and_one_is_refused():
    found = nested([1.0, 1.01, 0.99], [0.2, 0.2, 0.2])
    assert found.training == 0
    assert found.training_interval.low == 0
    with pytest.raises(ValueError, match="2 or more members"):
        nested([1.0], [0.1])
    with pytest.raises(ValueError, match="2 or more trainings, got 1 and 3"):
        compare_families([1.0], [1.0, 2.0, 3.0], better="lower")
