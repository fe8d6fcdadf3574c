"""Marks are counted as found at a rate of false alarms that is held, and is one the outputs can resolve."""

import numpy as np
import pytest
from scipy.stats import norm

from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Marked
from genbench.probes.misuse.mark_survival import mark_survival

Z = norm.isf(0.01)


def shown(n=200, seed=0, *, strength=5.0, left=(0.8, 0.4), unmarked=0.0):
    rng = np.random.default_rng(seed)
    spoiled = strength * np.array(left)[:, None, None] + rng.normal(size=(len(left), 1, n))
    return Marked(
        unmarked + rng.normal(size=(8, n)), strength + rng.normal(size=n), spoiled, np.full(n, 0.012),
        tuple("abcdef"[: len(left)]), (3,), tuple(f"generated/{i}" for i in range(n)),
    )  # fmt: skip


def test_truth_scores_shifted_by_a_known_strength():
    found = mark_survival(shown(20_000, strength=3.0))
    assert found["found"].value == pytest.approx(norm.sf(Z - 3.0), abs=0.01)
    assert found["survives"].value == pytest.approx(np.mean([norm.sf(Z - 2.4), norm.sf(Z - 1.2)]), abs=0.01)
    assert found["false_alarms"].value == pytest.approx(0.01, abs=0.002)
    assert found["found"].detail.facts["visible, share of the range"] == pytest.approx(0.012)
    assert set(found["found"].detail.facts["recognized after"]) == {"a 3", "b 3"}


def test_control_a_mark_too_faint_is_found_no_more_often_than_none():
    found = mark_survival(shown(300, strength=0.0))
    assert found["found"].interval.low <= 0.01 <= found["found"].interval.high < 0.1


def test_intervals_cover_the_truth():
    truth = {"survives": np.mean([norm.sf(Z - 2.4), norm.sf(Z - 1.2)]), "found": norm.sf(Z - 3.0), "false_alarms": 0.01}
    inside = dict.fromkeys(truth, 0)
    for seed in range(100):
        for name, estimate in mark_survival(shown(80, seed, strength=3.0)).items():
            inside[name] += estimate.interval.low <= truth[name] <= estimate.interval.high
    assert min(inside.values()) >= 88  # 95 % of 100, less 3.2 errors


def test_a_detector_that_sees_marks_everywhere_is_not_believed():
    with pytest.raises(ControlFailed, match="finds a mark in"):
        mark_survival(shown(unmarked=1.0))


def test_a_rate_that_the_outputs_cannot_resolve_is_refused():
    with pytest.raises(NotApplicable, match=r"30 outputs under 8 keys cannot resolve a false-alarm rate of 0\.01"):
        mark_survival(shown(30))
    assert mark_survival(shown(30), false_alarm_rate=0.05)["found"].n == 30
    with pytest.raises(ProbeError, match="not at 2"):
        mark_survival(shown(), severity=2)
    with pytest.raises(ProbeError, match="between 0 and"):
        mark_survival(shown(), false_alarm_rate=0.5)
