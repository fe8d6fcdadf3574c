"""Scores refuse nonsense and read their own state from the whole interval."""

import math

import pytest

from genbench.core.score import Detail, Environment, Estimate, Interval, Metric, Provenance, Score, Toward, excess

WHERE = Environment("0", "", False, "3.11", "here", "cpu", {})
ORIGIN = Provenance("a.b", "v", {}, "m", "d", "data", "d", "lens", "d", 0, "float32", WHERE)


def score(better, value, low, high, floor, tolerance, context=False):
    metric = Metric("share", better, "What is measured.", tolerance=tolerance, context=context)
    return Score("a.b", "x", "m", "data", "lens", "X", metric, Estimate(value, 10, Interval(low, high), floor), ORIGIN)


@pytest.mark.parametrize(
    ("better", "low", "high", "floor", "state"),
    [
        ("lower", 0.20, 0.30, 0.01, "alarm"),
        ("lower", 0.00, 0.02, 0.01, "clear"),
        ("lower", 0.01, 0.30, 0.01, "unsure"),
        ("higher", 0.10, 0.20, 0.90, "alarm"),
        ("higher", 0.88, 0.95, 0.90, "clear"),
        (Toward(0.5), 0.70, 0.80, 0.5, "alarm"),
        (Toward(0.5), 0.20, 0.30, 0.5, "alarm"),
        (Toward(0.5), 0.47, 0.53, 0.5, "clear"),
        (Toward(0.5), 0.45, 0.75, 0.5, "unsure"),
    ],
)
def test_a_state_needs_the_whole_interval(better, low, high, floor, state):
    assert score(better, (low + high) / 2, low, high, floor, tolerance=0.05).state == state


def test_context_and_missing_tolerance_never_alarm():
    assert score("lower", 0.9, 0.8, 1.0, 0.0, tolerance=None).state == "info"
    assert score("lower", 0.9, 0.8, 1.0, 0.0, tolerance=0.1, context=True).state == "info"


def test_excess_of_a_target_allows_what_a_perfect_model_shows():
    best, worst = excess((0.6, 0.7), 0.55, Toward(0.5))
    assert best == pytest.approx(0.05)
    assert worst == pytest.approx(0.15)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_that_is_none(bad):
    with pytest.raises(ValueError, match="finite"):
        Estimate(bad, 10)
    with pytest.raises(ValueError, match="interval"):
        Interval(0.0, bad)


def test_an_interval_is_ordered_and_has_a_level():
    with pytest.raises(ValueError, match="interval"):
        Interval(1.0, 0.0)
    with pytest.raises(ValueError, match="level"):
        Interval(0.0, 1.0, level=95)


def test_details_pair_up():
    with pytest.raises(ValueError, match="2 values and 1 keys"):
        Detail(values=(1.0, 2.0), keys=("a",))
