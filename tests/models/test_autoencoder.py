"""The autoencoder and its mixture: drawn as it says, nearer to digits than noise is, and honest seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import (
    Density,
    Differentiable,
    Fittable,
    Persistent,
    Perturbable,
    Placeable,
    Sampler,
    Training,
)  # fmt: skip
from genbench.models._tensors import near, noise
from genbench.models.autoencoder import Autoencoder, Net
from genbench.models.gaussian import Gaussian

SEEDS = sample_seeds(0, 12, "autoencoder")


@pytest.fixture(scope="module")
def autoencoder(digit_data: Dataset) -> Autoencoder:
    torch.set_num_threads(1)
    model = Autoencoder(steps=600)
    model.fit(digit_data, Training(0))
    return model


def test_it_has_the_capabilities_it_names_and_no_density(autoencoder: Autoencoder) -> None:
    for capability in (Sampler, Perturbable, Differentiable, Fittable, Persistent, Placeable):
        assert isinstance(autoencoder, capability)
    assert not isinstance(autoencoder, Density)


@pytest.mark.parametrize("moved", [False, True])
def test_moved_or_not_it_draws_from_the_mixture(moved: bool) -> None:
    net = Net((1, 4, 4), 8, 2, 3)
    net.weights.copy_(torch.tensor([0.2, 0.5, 0.3]))
    net.means.copy_(torch.tensor([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]]))
    net.factors.copy_(torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 0.5]], [[0.1, 0.0], [0.0, 3.0]]]))
    seeds = range(20_000)
    z = net.draw(near(seeds, 0.4, 3) if moved else noise(seeds, 3))
    nearest = torch.cdist(z, net.means).argmin(1)
    for k in range(3):
        own = z[nearest == k]
        assert len(own) / 20_000 == pytest.approx(net.weights[k].item(), abs=0.012)
        torch.testing.assert_close(own.mean(0), net.means[k], atol=0.15, rtol=0)
        torch.testing.assert_close(own.T.cov(), net.factors[k] @ net.factors[k].T, atol=0.3, rtol=0.05)


def test_the_mixture_has_the_mean_and_covariance_of_the_codes(autoencoder: Autoencoder, digit_data: Dataset) -> None:
    """Expectation maximization keeps both, apart from the floor under its variances."""
    net = autoencoder.net
    assert net is not None
    x = torch.from_numpy(np.stack(digit_data.take("train"))).permute(0, 3, 1, 2) / 255.0
    with torch.no_grad():
        codes = net.encode(x)
        mean = net.weights @ net.means
        within = torch.einsum("k,kij,klj->il", net.weights, net.factors, net.factors)
        between = torch.einsum("k,ki,kj->ij", net.weights, net.means - mean, net.means - mean)
        floor = 1e-3 * codes.var(0, correction=0).mean()
        torch.testing.assert_close(mean, codes.mean(0), atol=1e-3, rtol=1e-3)
        total = codes.T.cov(correction=0) + floor * torch.eye(codes.shape[1])
        torch.testing.assert_close(within + between, total, atol=1e-3 * total.diagonal().max().item(), rtol=1e-2)


def test_its_outputs_are_nearer_to_digits_than_noise_and_its_untrained_self_are(
    autoencoder: Autoencoder, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds = sample_seeds(1, 300)
    own = from_held_out(autoencoder.sample(seeds))
    for other in (Gaussian(), Gaussian(correlated=True), Autoencoder(steps=1)):
        other.fit(digit_data, Training(0))
        assert own < 0.5 * from_held_out(other.sample(seeds))


def test_it_reconstructs_digits_it_has_not_seen(autoencoder: Autoencoder, digit_data: Dataset) -> None:
    x = np.stack(digit_data.take("held_out", 200)).transpose(0, 3, 1, 2) / 255.0
    losses = autoencoder.loss_and_grad(x)[0]
    assert losses.mean() < 0.15 * x.var(axis=0).mean()


def test_a_sample_is_its_seeds_alone(autoencoder: Autoencoder) -> None:
    together = np.stack(autoencoder.sample(SEEDS)).astype(int)
    apart = np.stack([*autoencoder.sample(SEEDS[:5]), *autoencoder.sample(SEEDS[5:6]), *autoencoder.sample(SEEDS[6:])])
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart.astype(int)).max() <= 1
    assert len(np.unique(np.stack(autoencoder.sample(range(100))).reshape(100, -1), axis=0)) == 100


def test_moving_the_latents_moves_the_images_by_degrees(autoencoder: Autoencoder) -> None:
    seeds = sample_seeds(2, 200)
    here = np.stack(autoencoder.sample(seeds)).astype(float)
    moves = [np.abs(np.stack(autoencoder.sample_near(seeds, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[3] > 2 * moves[1] > 0


def test_a_restored_model_samples_identically(autoencoder: Autoencoder) -> None:
    again = Autoencoder(steps=600)
    arrays, meta = autoencoder.state()
    assert {"weights", "means", "factors"} <= arrays.keys()
    again.restore(arrays, meta)
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(autoencoder.sample(SEEDS)))


def test_the_gradient_is_that_of_the_loss(autoencoder: Autoencoder, digit_data: Dataset) -> None:
    x = np.stack(digit_data.take("held_out", 3)).transpose(0, 3, 1, 2) / 255.0
    losses, gradient = autoencoder.loss_and_grad(x)
    step = 1e-2 * gradient / np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
    measured = (autoencoder.loss_and_grad(x + step)[0] - autoencoder.loss_and_grad(x - step)[0]) / 2
    np.testing.assert_allclose(measured, (gradient * step).sum(axis=(1, 2, 3)), rtol=0.05)
    np.testing.assert_allclose(autoencoder.loss_and_grad(x[1:])[0], losses[1:], rtol=1e-4)


def test_the_same_seed_trains_the_same_model(digit_data: Dataset) -> None:
    first, second = Autoencoder(steps=20), Autoencoder(steps=20)
    ticks = [model.fit(digit_data, Training(7)).ticks for model in (first, second)]
    assert ticks[0] == ticks[1]
    np.testing.assert_array_equal(np.stack(first.sample(SEEDS)), np.stack(second.sample(SEEDS)))


@pytest.mark.parametrize(("height", "width"), [(7, 9), (13, 18), (28, 28)])
def test_any_size_and_colour_and_fewer_items_than_components(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (16, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(6), "held_out": np.arange(6, 16)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(16))), "", "CC0", "drawn here")
    model = Autoencoder(breadth=8, latent=4, steps=2, batch=4)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)
    again = Autoencoder(breadth=8, latent=4, steps=2, batch=4)
    again.restore(*model.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(model.sample(SEEDS)))


def test_images_of_two_sizes_are_refused() -> None:
    items = [np.zeros((4, 4, 1), dtype=np.uint8), np.zeros((5, 4, 1), dtype=np.uint8)]
    data = Dataset("two", "image", items, {"train": np.arange(2)}, ("0", "1"), "", "CC0", "drawn here")
    with pytest.raises(ModelError, match=r"autoencoder wants uint8 images .* of one shape"):
        Autoencoder().fit(data, Training(0))
