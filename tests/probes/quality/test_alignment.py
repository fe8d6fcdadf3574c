"""Alignment is read against prompts of other outputs, and each prompt counts once."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Aligned
from genbench.probes.quality.alignment import alignment


def shown(n=60, seed=0, *, noise=1.0, repeats=1, d=12):
    rng = np.random.default_rng(seed)
    t = np.repeat(rng.normal(size=(n // repeats, d)), repeats, axis=0)
    return Aligned(t + noise * rng.normal(size=t.shape), t, tuple(f"answered/{i}" for i in range(len(t))))


def test_truth_outputs_that_are_their_prompts():
    found = alignment(shown(noise=0.0))
    assert found["score"].value == pytest.approx(2.5)
    assert found["preferred"].value == 1.0
    assert found["preferred"].interval.low == pytest.approx(1 / (1 + 3.8415 / 60), abs=1e-3)  # Wilson's for 60 of 60


def test_a_hand_worked_case():
    """Two prompts on the axes; three of their outputs lie on the own axis, one on the other's."""
    t = np.repeat(np.eye(2), 10, axis=0)
    x = t.copy()
    x[0] = [0.0, 3.0]
    found = alignment(Aligned(x, t))
    assert found["score"].value == pytest.approx(2.5 * 19 / 20)
    assert found["score"].floor == pytest.approx(2.5 * 1 / 20)  # only the stray output fits the other prompt
    assert found["preferred"].value == pytest.approx(19 / 20)
    assert found["preferred"].detail.exhibits[0].items[0].index == 0
    assert found["score"].detail.facts["prompts that differ"] == 2


def test_control_shuffled_prompts_are_preferred_by_chance_as_often_as_the_interval_says():
    inside, above = 0, 0
    for seed in range(60):
        made = shown(60, seed)
        found = alignment(Aligned(np.roll(made.x, 7, axis=0), made.t))
        inside += found["preferred"].interval.low <= 0.5 <= found["preferred"].interval.high
        above += found["score"].interval.low > found["score"].floor
    assert inside >= 51  # 95 % of 60, less 3.5 errors
    assert above <= 5


def test_scale_does_not_matter_and_a_cosine_below_zero_counts_as_none():
    made = shown()
    found, scaled = alignment(made), alignment(Aligned(100 * made.x, 0.01 * made.t))
    assert scaled["score"].value == pytest.approx(found["score"].value)
    away = alignment(Aligned(-made.t, made.t))
    assert away["score"].value == 0.0
    assert away["preferred"].value < 0.01


def test_outputs_of_one_prompt_are_no_independent_evidence():
    rng = np.random.default_rng(3)
    t = rng.normal(size=(12, 12))
    x = t + 2.0 * rng.normal(size=t.shape)
    many = alignment(Aligned(np.repeat(x, 10, axis=0), np.repeat(t, 10, axis=0)))["score"]
    apart = alignment(Aligned(np.repeat(x, 10, axis=0), np.repeat(t, 10, axis=0) + 1e-7 * rng.normal(size=(120, 12))))
    assert many.interval.high - many.interval.low > 2 * (apart["score"].interval.high - apart["score"].interval.low)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match="needs 20 outputs"):
        alignment(shown(19))
    with pytest.raises(NotApplicable, match="in the same words"):
        alignment(shown(40, repeats=40))
    made = shown()
    made.x[4] = 0
    with pytest.raises(NotApplicable, match="length 0"):
        alignment(made)
    made.x[4] = np.nan
    with pytest.raises(ProbeError, match="item 4"):
        alignment(made)
