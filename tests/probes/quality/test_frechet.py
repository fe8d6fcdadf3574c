"""The Fréchet probe: formulas of others, a known truth, its control, its interval where n is small for d, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torchmetrics.image.fid import FrechetInceptionDistance

from genbench.core.chance import sample_seeds, stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.model import Training
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.gaussian import Gaussian
from genbench.probes.quality.frechet import frechet


def run(generated: np.ndarray, held_out: np.ndarray, train: np.ndarray, seed: int = 0) -> dict[str, Estimate]:
    found = frechet(Features(generated), Features(held_out), Features(train), rng=stream(seed, "frechet"))
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


class Asis(torch.nn.Module):
    """Hands features through, so that torchmetrics' own class can be fed with them."""

    num_features = 6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_plug_in_is_the_textbooks_and_torchmetrics_number():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)), rng.normal(0.4, 1.3, size=(260, 6))
    ours = run(x, y, y)["plug_in"].value
    s, t, shift = np.cov(x, rowvar=False), np.cov(y, rowvar=False), x.mean(0) - y.mean(0)
    assert ours == pytest.approx(shift @ shift + np.trace(s + t - 2 * scipy.linalg.sqrtm(s @ t).real), rel=1e-8)
    theirs = FrechetInceptionDistance(feature=Asis(), normalize=True, input_img_size=(6,))
    theirs.set_dtype(torch.float64)
    theirs.update(torch.tensor(y), real=True)
    theirs.update(torch.tensor(x), real=False)
    assert ours == pytest.approx(float(theirs.compute()), rel=1e-5)


def test_the_truth_between_two_gaussians_is_covered():
    # N(0, I) and N(0.3, 1.5^2 I) in 4 dimensions: 4 * 0.3^2 + 4 * 0.5^2 = 1.36
    rng, covered, values = np.random.default_rng(1), 0, []
    for seed in range(200):
        x, y, z = rng.normal(0.3, 1.5, (150, 4)), rng.normal(size=(120, 4)), rng.normal(size=(150, 4))
        found = run(x, y, z, seed)["distance"]
        covered += found.interval.low <= 1.36 <= found.interval.high
        values.append(found.value)
    assert np.mean(values) == pytest.approx(1.36, abs=4 * np.std(values) / np.sqrt(200))
    assert covered / 200 >= 0.91


@pytest.mark.parametrize(("n", "m", "d"), [(300, 300, 64), (250, 178, 64)])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_truth_is_covered_where_n_is_small_for_d(n, m, d, shift):
    rng, covered = np.random.default_rng(2), 0
    for seed in range(30):
        x, y, z = rng.normal(shift, 1 + shift, (n, d)), rng.normal(size=(m, d)), rng.normal(size=(n, d))
        found = run(x, y, z, seed)["distance"]
        covered += found.interval.low <= 2 * d * shift**2 <= found.interval.high
    assert covered >= 26


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_fewer_items_than_dimensions_are_admitted(shift):
    """No correction reaches that far; the floor and a fact say so, and the interval reaches down to the truth."""
    rng = np.random.default_rng(3)
    for seed in range(10):
        x, y, z = rng.normal(shift, 1 + shift, (60, 90)), rng.normal(size=(60, 90)), rng.normal(size=(60, 90))
        found = run(x, y, z, seed)["distance"]
        assert found.detail.facts["bias that may be left"] > 0
        assert found.floor > 0
        assert found.interval.low <= 2 * 90 * shift**2 <= found.interval.high


def test_a_perfect_model_meets_the_floor_and_noise_does_not():
    """The control: a Gaussian on pixels, against reserve digits nobody saw."""
    data, lens = digits(), Pixels()
    noise = Gaussian()
    noise.fit(data, Training())
    see = lambda items: np.asarray(lens.features(items), np.float64)
    held_out, train = see(data.take("held_out")), see(data.take("train"))
    perfect = run(see(data.take("reserve")), held_out, train)["distance"]
    noisy = run(see(noise.sample(sample_seeds(0, 395))), held_out, train)["distance"]
    assert perfect.interval.low <= perfect.floor <= perfect.interval.high
    assert noisy.interval.low > perfect.interval.high
    assert noisy.interval.low > noisy.floor


def test_constant_features_have_a_distance_and_the_interval_holds_the_value():
    same = run(np.full((20, 3), 0.1), np.full((30, 3), 0.1), np.full((25, 3), 0.1))
    apart = run(np.full((20, 3), 1.1), np.full((30, 3), 0.1), np.full((25, 3), 0.1))
    assert same["distance"].value == pytest.approx(0, abs=1e-12)
    assert apart["distance"].value == pytest.approx(3.0)
    for found in (*same.values(), *apart.values()):
        assert found.interval.low <= found.value <= found.interval.high


def test_the_same_chance_gives_the_same_scores():
    rng = np.random.default_rng(4)
    parts = [rng.normal(size=(n, 5)) for n in (50, 60, 70)]
    assert run(*parts) == run(*parts)


def test_what_cannot_be_measured_is_refused():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20, 3))
    with pytest.raises(NotApplicable, match="got 3 outputs"):
        run(x[:3], x, x)
    spoiled = x.copy()
    spoiled[[7, 9], 1] = np.nan, np.inf
    with pytest.raises(ProbeError, match=r"generated: the features of item 7 .*2 of 20"):
        run(spoiled, x, x)
    with pytest.raises(ProbeError, match="held_out: the features of item 7"):
        run(x, spoiled, x)
