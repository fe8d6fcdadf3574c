"""Movement under a nudge: known where outputs equal their inputs, 1 where they are redrawn, void where collapsed."""

import numpy as np
import pytest

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Features
from genbench.probes.robustness.stability import stability


def identity(strength, n, seed, d=5):
    """Outputs that are their latents; nudged as the house nudges; drawn again."""
    rng = np.random.default_rng(seed)
    z, e, fresh = rng.normal(size=(3, n, d))
    moved = np.sqrt(1 - strength**2) * z + strength * e
    return Features(z, tuple(f"anchor/{i}" for i in range(n))), Features(moved), Features(fresh)


def ask(sides, seed=0, resamples=300):
    return stability(*sides, rng=np.random.default_rng(seed), resamples=resamples)["movement"]


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
def test_truth_outputs_that_are_their_latents(strength):
    truth = np.sqrt(1 - np.sqrt(1 - strength**2))
    found = ask(identity(strength, 3000, 1))
    assert found.value == pytest.approx(truth, rel=0.03)
    assert found.interval.low < found.value < found.interval.high
    assert found.floor == 0.0
    assert found.n == 3000


def test_the_interval_covers_the_truth():
    truth = np.sqrt(1 - np.sqrt(1 - 0.3**2))
    found = [ask(identity(0.3, 60, seed), seed) for seed in range(150)]
    assert sum(f.interval.low <= truth <= f.interval.high for f in found) >= 133  # 95 % of 150, less 2.8 errors


def test_control_outputs_redrawn_at_every_nudge_score_one():
    rng = np.random.default_rng(2)
    a, p, b = (Features(rng.normal(size=(500, 8))) for _ in range(3))
    found = ask((a, p, b))
    assert found.interval.low < 1.0 < found.interval.high
    assert found.value == pytest.approx(1.0, abs=0.05)


def test_a_model_that_ignores_the_nudge_is_at_the_floor_but_not_beyond_doubt():
    anchor, _, again = identity(0.1, 60, 3)
    found = ask((anchor, anchor, again))
    assert found.value == 0.0
    assert found.interval.low == 0.0
    assert found.interval.high == pytest.approx(np.sqrt(3 / 60))


def test_the_scale_and_the_origin_of_features_do_not_matter():
    sides = identity(0.4, 100, 4)
    shifted = tuple(Features(50 * side.x + 7) for side in sides)
    assert ask(shifted).value == pytest.approx(ask(sides).value)


def test_collapsed_outputs_are_not_stable():
    same = Features(np.full((50, 4), 3.0, np.float32))
    with pytest.raises(ControlFailed, match="collapsed"):
        ask((same, same, same))
    nothing = Features(np.zeros((50, 4)))
    with pytest.raises(ControlFailed, match="collapsed"):
        ask((nothing, nothing, nothing))


def test_too_few_outputs_are_refused():
    with pytest.raises(NotApplicable, match="at least 20 outputs, got 19"):
        ask(identity(0.1, 19, 0))


def test_the_outputs_that_moved_most_are_shown():
    anchor, moved, again = identity(0.1, 100, 5)
    x = moved.x.copy()
    x[17] += 10.0
    found = ask((anchor, Features(x), again))
    first = found.detail.exhibits[0]
    assert [(item.role, item.index) for item in first.items] == [("anchor", 17), ("perturbed", 17)]
    assert max(found.detail.values) == first.value
