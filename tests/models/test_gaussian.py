"""The Gaussian: its likelihood is exact or a bound, and its samples have the moments it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.model import Density, Fittable, Persistent, Perturbable, Sampler, Training
from genbench.models.gaussian import Gaussian


def pixels(values: np.ndarray) -> Dataset:
    items = list(values.astype(np.uint8))
    n = len(items)
    return Dataset("p", "image", items, {"train": np.arange(n)}, tuple(map(str, range(n))), "", "CC0", "drawn here")


@pytest.fixture(scope="module")
def pairs() -> Dataset:
    """Items of two correlated pixels, far from both ends."""
    y = np.random.default_rng(0).multivariate_normal([120, 90], [[100, 80], [80, 120]], 3000)
    return pixels(np.rint(y)[:, None, :, None])


def fitted(data: Dataset, *, correlated: bool) -> Gaussian:
    model = Gaussian(correlated=correlated)
    model.fit(data, Training())
    return model


@pytest.mark.parametrize("correlated", [False, True])
def test_capabilities(pairs: Dataset, correlated: bool) -> None:
    model = fitted(pairs, correlated=correlated)
    for capability in (Sampler, Perturbable, Density, Fittable, Persistent):
        assert isinstance(model, capability)
    assert model.log_prob(pairs.take("train", 2)).bound is correlated


@pytest.mark.parametrize("spread", [0, 3, 60])
def test_the_uncorrelated_likelihood_sums_to_one_over_all_levels(spread: int) -> None:
    rng = np.random.default_rng(0)
    model = fitted(pixels(np.clip(rng.normal(250, spread, (50, 1, 1, 1)), 0, 255)), correlated=False)
    every = [np.full((1, 1, 1), k, dtype=np.uint8) for k in range(256)]
    nats = model.log_prob(every).nats
    assert np.isfinite(nats).all()
    assert logsumexp(nats) == pytest.approx(0, abs=1e-9)


def test_the_uncorrelated_likelihood_is_the_frequency_of_its_own_samples() -> None:
    model = fitted(pixels(np.clip(np.random.default_rng(0).normal(3, 4, (200, 1, 1, 1)), 0, 255)), correlated=False)
    drawn = np.stack(model.sample(sample_seeds(0, 20_000))).ravel()
    said = np.exp(model.log_prob([np.full((1, 1, 1), k, dtype=np.uint8) for k in range(8)]).nats)
    measured = np.array([(drawn == k).mean() for k in range(8)])
    np.testing.assert_allclose(measured, said, atol=4 * np.sqrt(0.25 / 20_000))


def test_the_correlated_bound_is_below_the_true_mass_and_near_it(pairs: Dataset) -> None:
    model = fitted(pairs, correlated=True)
    items = pairs.take("train", 20)
    assert model.mean is not None
    assert model.factor is not None
    normal = multivariate_normal(model.mean, model.factor @ model.factor.T)
    true = []
    for item in items:
        a, b = (float(v) for v in item.ravel())
        corner = [normal.cdf([a + i, b + j]) for i, j in ((1, 1), (0, 1), (1, 0), (0, 0))]
        true.append(np.log(corner[0] - corner[1] - corner[2] + corner[3]))
    gap = np.array(true) - model.log_prob(items).nats
    assert (gap > -1e-3).all()
    assert gap.max() < 0.05


@pytest.mark.parametrize("correlated", [False, True])
def test_its_samples_have_the_moments_of_the_training_items(pairs: Dataset, correlated: bool) -> None:
    model = fitted(pairs, correlated=correlated)
    x = np.stack(model.sample(sample_seeds(0, 4000))).reshape(4000, 2).astype(float)
    train = np.stack(pairs.take("train")).reshape(-1, 2).astype(float)
    np.testing.assert_allclose(x.mean(0), train.mean(0), atol=1.0)
    np.testing.assert_allclose(x.var(0), train.var(0) + 1 / 6, rtol=0.1)
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(np.corrcoef(train.T)[0, 1] if correlated else 0, abs=0.05)


def test_noise_is_noise_to_a_classifier(digit_data: Dataset, from_held_out) -> None:  # type: ignore[no-untyped-def]
    seeds = sample_seeds(0, 300)
    control = from_held_out(fitted(digit_data, correlated=False).sample(seeds))
    assert control > 10 * abs(from_held_out(digit_data.take("reserve", 300)))


@pytest.mark.parametrize("correlated", [False, True])
def test_seeds_latents_and_restoring(digit_data: Dataset, correlated: bool) -> None:
    model, seeds = fitted(digit_data, correlated=correlated), sample_seeds(0, 9)
    here = np.stack(model.sample(seeds))
    np.testing.assert_array_equal(here, np.stack([*model.sample(seeds[:4]), *model.sample(seeds[4:])]))
    np.testing.assert_array_equal(here, np.stack(model.sample_near(seeds, 0.0)))
    moves = [np.abs(np.stack(model.sample_near(seeds, s)) - here.astype(float)).mean() for s in (0.1, 0.5, 1.0)]
    assert 0 < moves[0] < moves[1] < moves[2]
    again = Gaussian(correlated=correlated)
    again.restore(*model.state())
    np.testing.assert_array_equal(here, np.stack(again.sample(seeds)))
    items = digit_data.take("held_out", 5)
    np.testing.assert_array_equal(again.log_prob(items).nats, model.log_prob(items).nats)


def test_texts_and_other_shapes_are_refused_with_the_reason(pairs: Dataset) -> None:
    texts = Dataset("t", "text", ["a", "b"], {"train": np.arange(2)}, ("0", "1"), "", "CC0", "written here")
    with pytest.raises(NotApplicable, match="needs arrays, and 't' holds str items"):
        Gaussian().fit(texts, Training())
    with pytest.raises(ModelError, match=r"of shape \[1, 2, 1\], got uint8\[3, 3, 1\]"):
        fitted(pairs, correlated=False).log_prob([np.zeros((3, 3, 1), dtype=np.uint8)])
