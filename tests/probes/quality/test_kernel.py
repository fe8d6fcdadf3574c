"""The kernel probe: KID's definition and torchmetrics, unbiased at any n, its control, its interval, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from genbench.core.chance import sample_seeds
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.model import Training
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.gaussian import Gaussian
from genbench.probes.quality.kernel import kernel


def run(generated: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> Estimate:
    found = kernel(Features(generated), Features(held_out), Features(train))["mmd2"]
    assert isinstance(found, Estimate)
    return found


def test_it_is_kids_definition_and_torchmetrics_number_on_one_subset():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(25, 7)), rng.normal(0.5, 1.2, size=(25, 7))
    k = lambda a, b: (a @ b / 7 + 1) ** 3
    xx = np.mean([k(x[i], x[j]) for i in range(25) for j in range(25) if i != j])
    yy = np.mean([k(y[i], y[j]) for i in range(25) for j in range(25) if i != j])
    xy = np.mean([k(a, b) for a in x for b in y])
    ours = run(x, y, y).value
    assert ours == pytest.approx(xx + yy - 2 * xy, rel=1e-9)
    assert ours == pytest.approx(float(poly_mmd(torch.tensor(x), torch.tensor(y))), rel=1e-9)


def test_single_precision_features_lose_nothing():
    rng = np.random.default_rng(1)
    x, y = (rng.normal(30, 1, size=(60, 7)).astype(np.float32) for _ in range(2))
    assert run(x, y, y).value == run(x.astype(np.float64), y.astype(np.float64), y.astype(np.float64)).value


def test_two_samples_of_one_distribution_score_zero_on_average_and_are_covered():
    rng = np.random.default_rng(2)
    draw = lambda n: rng.normal(size=(n, 6))
    found = [run(draw(80), draw(100), draw(90)) for _ in range(200)]
    values = np.array([f.value for f in found])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(200)
    assert all(f.floor == 0.0 for f in found)
    assert np.mean([f.interval.low <= 0 <= f.interval.high for f in found]) >= 0.93
    assert np.mean([f.interval.low > 0 for f in found]) <= 0.05


def test_a_difference_is_covered():
    # k = (x.y / d + 1)^3 with x ~ N(0, 1), y ~ N(1, 1), d = 1: MMD^2 = sum over degrees j of C(3, j) (E x^j - E y^j)^2
    # = 3 (0 - 1)^2 + 3 (1 - 2)^2 + (0 - 4)^2 = 22
    rng, covered = np.random.default_rng(3), 0
    for _ in range(200):
        found = run(rng.normal(0, 1, (200, 1)), rng.normal(1, 1, (200, 1)), rng.normal(1, 1, (9, 1)))
        covered += found.interval.low <= 22 <= found.interval.high
    assert covered / 200 >= 0.89


def test_noise_is_caught_and_unseen_digits_are_not():
    data, lens = digits(), Pixels()
    noise = Gaussian()
    noise.fit(data, Training())
    see = lambda items: np.asarray(lens.features(items), np.float64)
    held_out, train = see(data.take("held_out")), see(data.take("train"))
    perfect = run(see(data.take("reserve")), held_out, train)
    noisy = run(see(noise.sample(sample_seeds(0, 395))), held_out, train)
    assert perfect.interval.low <= 0 <= perfect.interval.high
    # Models are told apart by a comparison; an interval that holds 0 reaches far up, as it must to cover small truths.
    assert noisy.interval.low > max(0, perfect.value)


def test_constant_features_score_zero_where_equal():
    same = run(np.full((10, 2), 0.5), np.full((12, 2), 0.5), np.full((11, 2), 0.5))
    assert same.value == pytest.approx(0, abs=1e-12)
    assert same.interval.low <= same.value <= same.interval.high
    assert run(np.full((10, 2), 1.0), np.zeros((12, 2)), np.zeros((11, 2))).value == pytest.approx(8 + 1 - 2)


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(4).normal(size=(20, 3))
    with pytest.raises(NotApplicable, match="got 2 outputs"):
        run(x[:2], x, x)
    spoiled = x.copy()
    spoiled[5, 0] = -np.inf
    with pytest.raises(ProbeError, match="generated: the features of item 5"):
        run(spoiled, x, x)
