"""A detector by one number: what it learned of one model's outputs, asked about another's."""

import numpy as np
import pytest
from scipy.stats import norm

from genbench.core.errors import NotApplicable
from genbench.core.score import Interval
from genbench.selftest.coverage import cover
from genbench.selftest.intervals.tells import CASES
from genbench.stats.tells import Side, carried, learned, verdict


def side(moved, seed, n=800, length=100):
    return Side(np.random.default_rng(seed).normal(moved, 1.0, n), np.full(n, length))


def chance(seed=0):
    return np.random.default_rng(seed)


REAL = side(0.0, 0)


def test_truth_a_shift_is_told_by_who_was_fitted_on_it_and_carries_over_as_far_as_it_is_the_same():
    tell = learned(side(1.0, 1), REAL, chance())
    own, same, opposite = tell.own(), tell.about(side(1.0, 2), chance()), tell.about(side(-1.0, 3), chance())
    best = norm.cdf(1 / np.sqrt(2))  # of any detector of two unit normals one apart: 0.76
    for found in (own, same):
        assert found.interval.low < best < found.interval.high
    assert opposite.interval.high < 0.35
    assert [carried(found.joint) for found in (same, opposite)] == ["carries over", "turns round"]
    again = learned(side(-1.0, 3), REAL, chance()).own()
    assert again.interval.low < best < again.interval.high


def test_truth_real_items_in_the_outputs_place_are_a_half_for_either():
    tell = learned(side(1.0, 1), REAL, chance())
    fitted, other = learned(side(0.0, 4), REAL, chance()).own(), tell.about(side(0.0, 4), chance())
    assert fitted.interval.low < 0.5 < fitted.interval.high
    assert other.interval.low < 0.5 < other.interval.high
    assert (verdict(fitted.joint), carried(other.joint)) == ("cannot tell", "cannot tell")


def test_nothing_that_a_detector_was_fitted_on_is_asked_about():
    """Its own outputs asked about once more are those of its other half, and the real items that are left."""
    outputs = side(1.0, 1)
    tell = learned(outputs, REAL, chance())
    assert tell.half == 400
    found = tell.about(outputs, chance())
    assert found.outputs == found.real == 400
    made, known = tell.pairs[: tell.half].T
    assert tell.about(Side(outputs.each[made], outputs.units[made]), chance()) is None
    fresh = REAL.without(known, REAL)
    assert len(fresh) == 400
    assert not set(fresh.each.tolist()) & set(REAL.each[known].tolist())


def test_too_few_of_one_length_are_refused_or_left_out():
    tell = learned(side(1.0, 1), REAL, chance())
    assert tell.about(side(1.0, 2, length=200), chance()) is None
    assert tell.about(side(1.0, 2, n=19), chance()) is None
    with pytest.raises(NotApplicable, match="needs 40 outputs with a real item of their length, got 0 of 800"):
        learned(side(1.0, 1, length=200), REAL, chance())


def test_a_joint_interval_is_wider_and_decides():
    tell = learned(side(0.3, 1, n=200), side(0.0, 0, n=200), chance())
    alone, jointly = tell.own(), tell.own(level=1 - 0.05 / 45)
    assert alone.interval == jointly.interval == alone.joint
    assert jointly.joint.low < alone.joint.low < alone.joint.high < jointly.joint.high
    assert (verdict(Interval(0.51, 0.6)), verdict(Interval(0.5, 0.6))) == ("tells", "cannot tell")
    assert (verdict(Interval(0.3, 0.4)), carried(Interval(0.3, 0.4))) == ("cannot tell", "turns round")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.data)
def test_intervals_hold_the_truth_of_the_detector_that_is_asked(case):
    assert cover(case, 100).held
