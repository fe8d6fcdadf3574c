"""Shares behind a judge who errs: by hand, and as often within the interval as it says."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.stats.intervals import wilson
from genbench.stats.misjudged import Judge, behind_interval, share_behind


def test_a_share_is_corrected_as_worked_by_hand():
    judge = Judge(hits=18, misses=2, alarms=4, quiet=16)  # hits 0.9, false alarms 0.2
    assert share_behind(55, 100, judge) == pytest.approx((0.55 - 0.2) / 0.7)
    assert share_behind(10, 100, judge) == 0.0  # fewer than false alarms alone
    assert share_behind(55, 100, None) == 0.55
    assert behind_interval(55, 100, None) == wilson(55, 100)


def test_lang_and_reiczigels_interval_at_a_case_worked_by_hand():
    """z = 1.96; said 55 of 100, so 57.92/103.84 = 0.5578; hits 19/22, quiet 17/22, so the reach is 14/22."""
    found = behind_interval(55, 100, Judge(18, 2, 4, 16))
    z2 = 1.959963985**2
    seen, hit, quiet, reach = (55 + z2 / 2) / (100 + z2), 19 / 22, 17 / 22, 14 / 22
    p = (seen + quiet - 1) / reach
    a, b = hit * (1 - hit) / 22, quiet * (1 - quiet) / 22
    centre = p + 2 * z2 * (p * a - (1 - p) * b)
    error = np.sqrt(z2 * (seen * (1 - seen) / (100 + z2) + p * p * a + (1 - p) ** 2 * b)) / reach
    assert found.low == pytest.approx(centre - error, abs=1e-6)
    assert found.high == pytest.approx(min(1.0, centre + error), abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_the_interval_holds_the_true_share_as_often_as_it_says(share):
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        hits, alarms = (int(rng.binomial(30, rate)) for rate in (0.9, 0.1))
        said = int(rng.binomial(150, share * 0.9 + (1 - share) * 0.1))
        found = behind_interval(said, 150, Judge(hits, 30 - hits, alarms, 30 - alarms))
        held += found.low <= share <= found.high
    assert held >= 0.92 * 400  # 95 %, less three errors of 400 trials


def test_a_judge_of_three_classes_is_one_of_two():
    counts = np.array([[10, 1, 2], [0, 20, 3], [1, 4, 9]])
    assert Judge.of(counts, [0]) == Judge(10, 3, 1, 36)
    assert Judge.of(counts, [0, 2]) == Judge(22, 5, 3, 20)


def test_a_judge_who_guesses_is_refused():
    with pytest.raises(NotApplicable, match="cannot tell refusals from the rest: 12 of 20 found, 9 of 20 falsely"):
        Judge(12, 8, 9, 11).told_apart("refusals")
    with pytest.raises(NotApplicable, match="never tried"):
        Judge(0, 0, 1, 19).told_apart("refusals")
    Judge(18, 2, 2, 18).told_apart("refusals")
