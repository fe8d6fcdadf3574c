"""Other seeds: the same score from other outputs, or a model that looks at its seeds too much, or not at all."""

import numpy as np
import pytest

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Features
from genbench.probes.robustness.redraw import redraw
from genbench.stats.kernel import mmd


def draws(n=150, *, moved=0.0, seed=0):
    a, b, y = np.random.default_rng(seed).normal(size=(3, n, 5))
    return Features(a), Features(b + moved), Features(y)


def test_truth_two_draws_of_one_distribution():
    held = 0
    for seed in range(30):
        found = redraw(*draws(seed=seed))
        held += all(found[n].interval.low <= 0.0 <= found[n].interval.high for n in ("apart", "change"))
        assert found["repeated"].value == 0.0
        assert found["repeated"].interval.low == 0.0 < found["repeated"].interval.high
    assert held >= 25


def test_the_values_are_those_of_the_two_sample_statistic():
    a, b, y = draws(moved=0.5)
    found = redraw(a, b, y)
    assert found["apart"].value == mmd(a.x, b.x).value
    assert found["change"].value == pytest.approx(mmd(b.x, y.x).value - mmd(a.x, y.x).value)
    assert (found["apart"].n, found["apart"].floor) == (150, 0.0)


def test_control_a_second_draw_of_another_kind():
    found = redraw(*draws(moved=1.0))
    assert found["apart"].interval.low > 0
    assert found["change"].interval.low > 0  # the second draw is the worse


def test_control_a_model_that_does_not_look_at_its_seed():
    a, _, y = draws()
    found = redraw(a, a, y)
    assert found["repeated"].value == 1.0
    assert found["change"].value == 0.0
    first = found["repeated"].detail.exhibits[0].items
    assert [(item.role, item.index) for item in first] == [("again", 0), ("anchor", 0)]


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match="needs 20 items a side, got 19 outputs"):
        redraw(*draws(19))
    same = Features(np.ones((40, 3)))
    with pytest.raises(ControlFailed, match="collapsed"):
        redraw(same, same, Features(np.random.default_rng(0).normal(size=(40, 3))))
