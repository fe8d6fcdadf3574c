"""The Gaussian kernel distance: by hand, a closed-form truth, CMMD's published formula, a CLIP-like lens, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Estimate
from genbench.probes.quality.mmd import mmd


def run(generated: np.ndarray, held_out: np.ndarray, train: np.ndarray, bandwidth: float = 10.0) -> Estimate:
    found = mmd(Features(generated), Features(held_out), Features(train), bandwidth=bandwidth)["thousandths"]
    assert isinstance(found, Estimate)
    return found


def published(x: np.ndarray, y: np.ndarray, sigma: float = 10.0) -> float:
    """CMMD as its paper's code computes it: means over whole kernel matrices, the diagonal too, times 1000."""
    k = lambda a, b: np.exp(-np.square(a[:, None] - b[None]).sum(axis=2) / (2 * sigma**2))
    return float(1000 * (k(x, x).mean() + k(y, y).mean() - 2 * k(x, y).mean()))


def test_it_is_cmmd_less_what_pairing_items_with_themselves_adds():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 8)), rng.normal(0.4, 1, size=(30, 8))
    x, y = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, y))
    k = lambda a: np.exp(-np.square(a[:, None] - a[None]).sum(axis=2) / 200)
    off = [(k(a).sum() - len(a)) / (len(a) * (len(a) - 1)) for a in (x, y)]
    excess = 1000 * ((1 - off[0]) / 40 + (1 - off[1]) / 30)
    assert run(x, y, y).value == pytest.approx(published(x, y) - excess, rel=1e-9)


def test_far_from_the_origin_nothing_is_lost():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 4))
    assert run(x + 1e6, y + 1e6, y + 1e6, 2.0).value == pytest.approx(run(x, y, y, 2.0).value, rel=1e-5)


def truth(shift: float, sigma: float) -> float:
    """N(0, 1) against N(shift, 1): E k = (1 + 2/s^2)^-1/2 exp(-d^2 / (2 (s^2 + 2))), d the difference of means."""
    scale = (1 + 2 / sigma**2) ** -0.5
    return float(2000 * scale * (1 - np.exp(-(shift**2) / (2 * (sigma**2 + 2)))))


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_the_truth_between_two_gaussians_is_covered(shift):
    rng = np.random.default_rng(2)
    found = [
        run(rng.normal(shift, 1, (120, 1)), rng.normal(size=(100, 1)), rng.normal(size=(9, 1)), 1.0) for _ in range(150)
    ]
    values = np.array([f.value for f in found])
    assert values.mean() == pytest.approx(truth(shift, 1.0), abs=4 * values.std() / np.sqrt(150))
    assert np.mean([f.interval.low <= truth(shift, 1.0) <= f.interval.high for f in found]) >= 0.9
    if shift == 0:
        assert np.mean([f.interval.low > 0 for f in found]) <= 0.08


def test_constants_and_far_apart():
    same = run(np.full((9, 2), 3.0), np.full((8, 2), 3.0), np.full((8, 2), 3.0))
    assert (same.value, same.floor) == (pytest.approx(0, abs=1e-9), 0.0)
    assert run(np.full((9, 2), 1e4), np.zeros((8, 2)), np.zeros((8, 2))).value == pytest.approx(2000)


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(3).normal(size=(20, 3))
    with pytest.raises(NotApplicable, match="bandwidth is above 0"):
        run(x, x, x, 0.0)
    with pytest.raises(NotApplicable, match="got 2 outputs"):
        run(x[:2], x, x)
    spoiled = x.copy()
    spoiled[3, 0] = np.nan
    with pytest.raises(ProbeError, match="train: the features of item 3"):
        run(x, x, spoiled)
