"""Diffusion: the sampler solves a case known in closed form, and the trained model beats noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import (
    Density,
    Differentiable,
    Fittable,
    Interpolates,
    Persistent,
    Perturbable,
    Placeable,
    Sampler,
    Training,
)
from genbench.models._paths import arc
from genbench.models.diffusion import Denoiser, Diffusion
from genbench.models.gaussian import Gaussian

SEEDS = sample_seeds(0, 12, "diffusion")


@pytest.fixture(scope="module")
def diffusion(digit_data: Dataset) -> Diffusion:
    torch.set_num_threads(1)
    model = Diffusion(steps=250)
    model.fit(digit_data, Training(0))
    return model


def test_it_has_the_capabilities_it_names(diffusion: Diffusion) -> None:
    for capability in (Sampler, Density, Perturbable, Interpolates, Differentiable, Fittable, Persistent, Placeable):
        assert isinstance(diffusion, capability)


class Known(Denoiser):
    """The perfect denoiser of data drawn from N(mean, spread^2) in every pixel, images in [-1, 1]."""

    mean, spread = 0.2, 0.1

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        keep = self.spread**2 / (self.spread**2 + sigma[:, None, None, None] ** 2)
        return keep * x + (1 - keep) * self.mean


def test_the_sampler_draws_from_a_gaussian_when_its_denoiser_is_the_gaussian_s() -> None:
    model = Diffusion(breadth=8, sampling_steps=40)
    model.net = Known((1, 4, 4), 8)
    x = np.stack(model.sample(sample_seeds(0, 400))) / 255 * 2 - 1
    assert x.mean() == pytest.approx(0.2, abs=0.01)
    assert x.std() == pytest.approx(0.1, rel=0.05)


def test_the_way_of_a_gaussian_is_the_arc_of_its_noise_moved_and_scaled() -> None:
    """The probability flow of N(mean, spread^2) is linear, so any two points of the way tell mean and spread."""
    model = Diffusion(breadth=8, sampling_steps=40)
    model.net = Known((1, 4, 4), 8)
    starts, ends, places = sample_seeds(0, 6, "a"), sample_seeds(0, 6, "b"), np.linspace(0, 1, 6)
    made = 2 * model.interpolate(starts, ends, places, "z") - 1
    z = arc(starts, ends, places, 1, 4, 4).numpy()
    scale, offset = np.polyfit(z.ravel(), made.ravel(), 1)
    np.testing.assert_allclose(made, offset + scale * z, atol=1e-12)
    assert offset == pytest.approx(0.2, abs=0.01)
    assert scale == pytest.approx(0.1, rel=0.05)


def test_a_fresh_denoiser_is_close_to_the_identity_where_there_is_no_noise() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 1, 8, 8) / 2
    with torch.no_grad():
        cleaned = Denoiser((1, 8, 8), 8)(x, torch.full((5,), 1e-3))
    torch.testing.assert_close(cleaned, x, atol=0.01, rtol=0)


def test_its_outputs_are_nearer_to_digits_than_noise_is(
    diffusion: Diffusion, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds = sample_seeds(1, 300)
    distances = []
    for correlated in (False, True):
        gaussian = Gaussian(correlated=correlated)
        gaussian.fit(digit_data, Training(0))
        distances.append(from_held_out(gaussian.sample(seeds)))
    own = from_held_out(diffusion.sample(seeds))
    assert own < 0.4 * distances[0]
    assert own < distances[1]


def test_it_learns(diffusion: Diffusion, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]) -> None:
    ticks = Diffusion(steps=40).fit(digit_data, Training(0)).ticks
    assert ticks[-1].losses["held_out"] < 0.95 * ticks[0].losses["held_out"]
    untrained, seeds, held_out = Diffusion(steps=1), sample_seeds(1, 300), digit_data.take("held_out", 50)
    untrained.fit(digit_data, Training(0))
    assert from_held_out(diffusion.sample(seeds)) < 0.3 * from_held_out(untrained.sample(seeds))
    assert diffusion.log_prob(held_out).nats.mean() > untrained.log_prob(held_out).nats.mean() + 64


def test_a_sample_is_its_seeds_alone(diffusion: Diffusion) -> None:
    together = np.stack(diffusion.sample(SEEDS)).astype(int)
    apart = np.stack([*diffusion.sample(SEEDS[:1]), *diffusion.sample(SEEDS[1:8]), *diffusion.sample(SEEDS[8:])])
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart.astype(int)).max() <= 1


def test_moving_the_latents_moves_the_images_by_degrees(diffusion: Diffusion) -> None:
    here = np.stack(diffusion.sample(SEEDS)).astype(float)
    moves = [np.abs(np.stack(diffusion.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[1] > 0


def test_a_restored_model_samples_identically(diffusion: Diffusion) -> None:
    again = Diffusion(steps=250)
    again.restore(*diffusion.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(diffusion.sample(SEEDS)))


def test_the_gradient_is_that_of_the_loss(diffusion: Diffusion, digit_data: Dataset) -> None:
    x = np.stack(digit_data.take("held_out", 3)).transpose(0, 3, 1, 2) / 255.0
    losses, gradient = diffusion.loss_and_grad(x)
    step = 1e-2 * gradient / np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
    measured = (diffusion.loss_and_grad(x + step)[0] - diffusion.loss_and_grad(x - step)[0]) / 2
    np.testing.assert_allclose(measured, (gradient * step).sum(axis=(1, 2, 3)), rtol=0.05)
    np.testing.assert_allclose(diffusion.loss_and_grad(x[1:])[0], losses[1:], rtol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(5, 9), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (20, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")
    model = Diffusion(breadth=8, steps=2, batch=8, sampling_steps=3)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)


def test_a_breadth_the_norms_cannot_group_is_refused() -> None:
    with pytest.raises(ModelError, match="multiple of 8"):
        Diffusion(breadth=12)
