"""The VAE: a likelihood that sums to one, a true bound, learning that beats the control, and honest seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Differentiable, Fittable, Persistent, Perturbable, Placeable, Sampler, Training
from genbench.models.gaussian import Gaussian
from genbench.models.vae import Net, Vae

SEEDS = sample_seeds(0, 12, "vae")


@pytest.fixture(scope="module")
def vae(digit_data: Dataset) -> Vae:
    torch.set_num_threads(1)
    model = Vae(steps=400)
    model.fit(digit_data, Training(0))
    return model


@pytest.fixture(scope="module")
def untrained(digit_data: Dataset) -> Vae:
    model = Vae(steps=1)
    model.fit(digit_data, Training(0))
    return model


def coloured(height: int, width: int) -> Dataset:
    items = list(np.random.default_rng(0).integers(0, 256, (40, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(20), "held_out": np.arange(20, 30), "reserve": np.arange(30, 40)}
    return Dataset("coloured", "image", items, splits, tuple(map(str, range(40))), "", "CC0", "drawn here")


def test_it_has_the_capabilities_it_names(vae: Vae) -> None:
    for capability in (Sampler, Perturbable, Density, Differentiable, Fittable, Persistent, Placeable):
        assert isinstance(vae, capability)


@pytest.mark.parametrize(("centre", "log_scale"), [(0.5, -2.0), (0.0, -5.9), (1.0, -6.0), (0.3, 1.0), (0.9, -12.0)])
def test_the_masses_of_the_256_levels_sum_to_one(centre: float, log_scale: float) -> None:
    net = Net((1, 1, 1), 8, 2).double()
    torch.nn.init.constant_(net.log_scale, log_scale)
    levels = torch.arange(256, dtype=torch.float64)[:, None, None, None] / 255
    nats = net.log_likelihood(levels, torch.full_like(levels, centre)).detach().numpy()
    assert logsumexp(nats) == pytest.approx(0.0, abs=1e-9)


def test_more_particles_tighten_the_bound(vae: Vae, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 200)
    few, many = Vae(particles=1), Vae(particles=64)
    for model in (few, many):
        model.restore(*vae.state())
    loose, tight = few.log_prob(items), many.log_prob(items)
    assert loose.bound
    assert tight.bound
    assert tight.counts["dimension"].tolist() == [64] * 200
    assert tight.nats.mean() > loose.nats.mean() + 0.3


def test_the_bound_is_below_the_true_log_probability_of_a_model_that_can_be_summed() -> None:
    """One pixel, one latent: log p(x) by quadrature over z, for every level."""
    torch.manual_seed(0)
    model = Vae(breadth=8, latent=1, particles=4)
    model.net = Net((1, 1, 1), 8, 1)
    torch.nn.init.normal_(model.net.lift[-1].weight, std=3.0)
    items = [np.full((1, 1, 1), k, dtype=np.uint8) for k in range(0, 256, 15)]
    z = torch.linspace(-8, 8, 4001)[:, None]
    with torch.no_grad():
        centre = model.net.decode(z)
        prior = -0.5 * z[:, 0] ** 2 - 0.5 * np.log(2 * np.pi) + np.log(16 / 4000)
        true = [
            torch.logsumexp(model.net.log_likelihood(torch.full_like(centre, k / 255), centre) + prior, 0).item()
            for k in range(0, 256, 15)
        ]
    bound = model.log_prob(items).nats
    assert bound.mean() < np.mean(true) + 1e-3
    model.particles = 8_000
    np.testing.assert_allclose(model.log_prob(items).nats, true, atol=0.05)


def test_more_particles_tighten_the_bound_from_the_elbo_on(vae: Vae, digit_data: Dataset) -> None:
    """E[L_1] <= E[L_k] <= E[L_m] for k < m, and L_1 is the ELBO (Burda et al. 2016, theorem 1)."""
    assert vae.net is not None
    held_out = digit_data.take("held_out", 300)
    found = {}
    for particles in (1, 8, 64):
        model = Vae(particles=particles)
        model.net = vae.net
        found[particles] = model.log_prob(held_out).nats.mean()
    torch.manual_seed(0)
    x = torch.from_numpy(np.stack(held_out)).permute(0, 3, 1, 2) / 255.0
    with torch.no_grad():
        elbo = np.mean([vae._elbo(x).mean().item() for _ in range(50)])
    assert found[1] == pytest.approx(elbo, abs=1.5)  # one draw, the same for all items
    assert elbo + 0.5 < found[8]
    assert found[8] + 0.05 < found[64]


def test_it_learns_and_predicts_held_out_digits_better_than_noise_and_its_untrained_self_do(
    vae: Vae, untrained: Vae, digit_data: Dataset
) -> None:
    gaussian = Gaussian()
    gaussian.fit(digit_data, Training(0))
    held_out = digit_data.take("held_out", 200)
    # the exact log-probability of the control lies below the trained model's lower bound
    assert vae.log_prob(held_out).nats.mean() > gaussian.log_prob(held_out).nats.mean() + 5.0
    assert vae.log_prob(held_out).nats.mean() > untrained.log_prob(held_out).nats.mean() + 64


def test_its_outputs_are_nearer_to_digits_than_noise_and_its_untrained_self_are(
    vae: Vae, untrained: Vae, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    gaussian, seeds = Gaussian(), sample_seeds(1, 300)
    gaussian.fit(digit_data, Training(0))
    own = from_held_out(vae.sample(seeds))
    assert own < 0.6 * from_held_out(gaussian.sample(seeds))
    assert own < 0.2 * from_held_out(untrained.sample(seeds))


def test_a_sample_is_its_seeds_alone(vae: Vae) -> None:
    together = np.stack(vae.sample(SEEDS)).astype(int)
    apart = np.stack([*vae.sample(SEEDS[:5]), *vae.sample(SEEDS[5:6]), *vae.sample(SEEDS[6:])]).astype(int)
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart).max() <= 1
    assert np.abs(together - together[::-1]).max() > 50


def test_moving_the_latents_moves_the_images_by_degrees(vae: Vae) -> None:
    here = np.stack(vae.sample(SEEDS)).astype(float)
    moves = [np.abs(np.stack(vae.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[3] > 4 * moves[1] > 0


def test_a_restored_model_samples_identically(vae: Vae, digit_data: Dataset) -> None:
    again = Vae(steps=400)
    again.restore(*vae.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(vae.sample(SEEDS)))
    items = digit_data.take("held_out", 5)
    np.testing.assert_array_equal(again.log_prob(items).nats, vae.log_prob(items).nats)


def test_the_gradient_is_that_of_the_loss(vae: Vae, digit_data: Dataset) -> None:
    x = np.stack(digit_data.take("held_out", 3)).transpose(0, 3, 1, 2) / 255.0
    losses, gradient = vae.loss_and_grad(x)
    step = 1e-2 * gradient / np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
    measured = (vae.loss_and_grad(x + step)[0] - vae.loss_and_grad(x - step)[0]) / 2
    np.testing.assert_allclose(measured, (gradient * step).sum(axis=(1, 2, 3)), rtol=0.05)
    assert (losses > 0).all()


def test_the_same_seed_trains_the_same_model(digit_data: Dataset) -> None:
    first, second = Vae(steps=20), Vae(steps=20)
    ticks = [model.fit(digit_data, Training(7)).ticks for model in (first, second)]
    assert ticks[0] == ticks[1]
    np.testing.assert_array_equal(np.stack(first.sample(SEEDS)), np.stack(second.sample(SEEDS)))


@pytest.mark.parametrize(("height", "width"), [(5, 9), (13, 18), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    model = Vae(breadth=8, latent=4, steps=2, batch=8)
    images = coloured(height, width)
    model.fit(images, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)
    assert model.log_prob(images.take("held_out")).counts["dimension"][0] == height * width * 3


def test_images_of_another_size_are_refused(vae: Vae) -> None:
    with pytest.raises(ModelError, match=r"fitted on images.*\(1, 8, 8\), got \(1, 9, 8\)"):
        vae.log_prob([np.zeros((9, 8, 1), dtype=np.uint8)])
    with pytest.raises(ModelError, match="wants uint8 images"):
        vae.log_prob(["a text"])
