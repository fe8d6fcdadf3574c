"""Movement under corruptions: known where outputs answer to their inputs by a known gain, void where collapsed."""

import numpy as np
import pytest

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Sweep
from genbench.probes.robustness.corruption import corruption

SPREADS = np.array([[0.1, 0.3], [0.2, 0.8]])


def sweep(n=300, seed=0, *, gain=1.0, d=5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    noise = SPREADS[:, :, None, None] * rng.normal(size=(*SPREADS.shape, n, d))
    return Sweep(x + noise, x + gain * noise, x, x, ("noise", "fog"), (1, 5))


def ask(shown, seed=0):
    return corruption(shown, rng=np.random.default_rng(seed), resamples=200)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_truth_outputs_that_answer_by_a_known_gain(gain):
    found = ask(sweep(4000, gain=gain))
    by_input = SPREADS.mean() / np.sqrt(2)
    assert found["movement"].value == pytest.approx(gain * by_input, rel=0.02)
    assert found["excess"].value == pytest.approx((gain - 1) * by_input, abs=0.01)


def test_outputs_that_ignore_what_happened_are_at_the_floor_and_mend_it():
    found = ask(sweep(gain=0.0))
    assert found["movement"].value == found["movement"].floor == 0.0
    assert found["excess"].interval.high < 0


def test_control_outputs_that_take_a_spoiled_input_for_another_one_move_by_one():
    shown, rng = sweep(2000), np.random.default_rng(3)
    other = Sweep(
        shown.inputs, rng.normal(size=shown.outputs.shape), shown.clean_inputs, shown.clean_outputs, shown.names,
        shown.severities,
    )  # fmt: skip
    found = ask(other)["movement"]
    assert found.value == pytest.approx(1.0, abs=0.02)
    assert found.interval.low < 1.0 < found.interval.high


def test_the_curve_over_severities_stands_in_the_details():
    facts = ask(sweep(2000))["movement"].detail.facts
    assert list(facts["outputs"]) == ["noise 1", "noise 5", "fog 1", "fog 5"]
    assert facts["outputs"]["noise 5"] == pytest.approx(0.3 / np.sqrt(2), rel=0.05)
    assert facts["worst"] == "fog 5"


def test_the_intervals_cover_the_truth():
    truth = {"movement": 1.5 * SPREADS.mean() / np.sqrt(2), "excess": 0.5 * SPREADS.mean() / np.sqrt(2)}
    inside = dict.fromkeys(truth, 0)
    for seed in range(60):
        for name, estimate in ask(sweep(60, seed, gain=1.5), seed).items():
            inside[name] += estimate.interval.low <= truth[name] <= estimate.interval.high
    assert min(inside.values()) >= 51  # 95 % of 60, less 3.5 errors


def test_a_collapsed_model_is_not_robust_and_few_items_are_refused():
    shown = sweep()
    same = Sweep(
        shown.inputs, np.zeros_like(shown.outputs), shown.clean_inputs, np.zeros_like(shown.clean_outputs),
        shown.names, shown.severities,
    )  # fmt: skip
    with pytest.raises(ControlFailed, match="collapsed: outputs"):
        ask(same)
    with pytest.raises(NotApplicable, match="at least 20 items, got 19"):
        ask(sweep(19))
