"""Changes of level are found where there are some, and seldom where there are none."""

import numpy as np
import pytest

from genbench.stats.changes import changes


def test_a_step_is_found_where_it_is_with_both_levels():
    (found,) = changes([1.0, 1.1, 0.9, 2.0, 2.1], [0.1] * 5)
    assert found.at == 3
    assert (found.before.low + found.before.high) / 2 == pytest.approx(1.0)
    assert (found.after.low + found.after.high) / 2 == pytest.approx(2.05)
    # (2.05 - 1) / (0.1 sqrt(1/3 + 1/2)) = 11.5 standard errors
    assert found.p_value < 1e-20
    assert found.before.high - found.before.low == pytest.approx(2 * 1.96 * 0.1 / 3**0.5, rel=1e-3)


def test_two_steps_are_both_found_and_a_return_is_a_change():
    found = changes([1, 1.01, 0.99, 2, 2.01, 1.99, 1, 1.01, 0.99], [0.02] * 9)
    assert [change.at for change in found] == [3, 6]


def test_the_p_value_is_that_of_a_z_test_times_the_places():
    from scipy.stats import norm

    (found,) = changes([0.0, 3.0], [0.6, 0.8])
    assert found.p_value == pytest.approx(2 * norm.sf(3.0))
    (found,) = changes([0.0, 0.0001, 30.0], [6.0, 6.0001, 0.1], alpha=0.1)
    assert found.p_value == pytest.approx(2 * 2 * norm.sf((30 - 0.00005) / (72.0012**0.5 / 2)), rel=0.02)


@pytest.mark.parametrize(("n", "errors"), [(2, "equal"), (5, "equal"), (20, "equal"), (20, "unequal")])
def test_false_changes_are_rarer_than_promised(n, errors):
    rng = np.random.default_rng(n)
    wrong = 0
    for _ in range(1000):
        sizes = np.ones(n) if errors == "equal" else rng.uniform(0.2, 3, n)
        wrong += bool(changes((5 + sizes * rng.normal(size=n)).tolist(), sizes.tolist()))
    assert wrong <= 71  # 50, and 3 standard errors


def test_no_second_change_is_seen_beside_a_true_one():
    rng = np.random.default_rng(7)
    steps = np.repeat([0.0, 20.0], 10)
    found = [changes((steps + rng.normal(size=20)).tolist(), [1.0] * 20) for _ in range(1000)]
    assert all(10 in [change.at for change in series] for series in found)
    assert sum(len(series) > 1 for series in found) <= 71


def test_five_runs_a_side_show_three_standard_errors_of_one_run():
    rng = np.random.default_rng(8)
    steps = np.repeat([0.0, 3.0], 5)
    found = [changes((steps + rng.normal(size=10)).tolist(), [1.0] * 10) for _ in range(300)]
    # 3 / sqrt(2 / 5) = 4.7 against a quantile of 2.77 for 9 places: a power of 97 %
    assert sum(len(series) >= 1 for series in found) >= 0.93 * 300
    assert sum(any(abs(c.at - 5) <= 1 for c in series) for series in found) >= 0.85 * 300


def test_runs_that_repeat_each_other_are_no_evidence():
    assert not changes([0.0, 2.0], [1.0, 1.0])
    assert not changes([0.0] * 30 + [2.0] * 30, [1.0] * 60)


def test_bounds_of_a_meter_do_not_narrow_with_runs():
    rng = np.random.default_rng(9)
    joules = [*(100 + rng.normal(size=20)), *(115 + rng.normal(size=20))]
    assert changes(joules, [8.0 + i / 1000 for i in range(40)])[0].at == 20
    assert not changes(joules, [8.0 + i / 1000 for i in range(40)], narrowing=False)
    assert changes([*joules[:20], *(3 * j for j in joules[20:])], [8.0] * 40, narrowing=False)[0].at == 20


def test_series_of_nothing_or_one_run_do_not_change():
    assert changes([], []) == changes([1.0], [0.0]) == changes([1.0, 1.0], [0.0, 0.0]) == ()
    assert len(changes([1.0, 2.0], [0.0, 0.0])) == 1


@pytest.mark.parametrize(("values", "errors"), [([1.0], []), ([float("nan")], [1.0]), ([1.0], [-1.0])])
def test_what_is_no_series_is_refused(values, errors):
    with pytest.raises(ValueError, match="error"):
        changes(values, errors)
