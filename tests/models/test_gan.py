"""The GAN: it beats noise in a classifier's features, and a sample is its seed alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
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
from genbench.models.gan import Discriminator, Gan
from genbench.models.gaussian import Gaussian

SEEDS = sample_seeds(0, 12, "gan")


@pytest.fixture(scope="module")
def gan(digit_data: Dataset) -> Gan:
    torch.set_num_threads(1)
    model = Gan(steps=1000)
    model.fit(digit_data, Training(0))
    return model


def test_it_has_the_capabilities_it_names_and_no_density(gan: Gan) -> None:
    for capability in (Sampler, Perturbable, Fittable, Persistent, Placeable):
        assert isinstance(gan, capability)
    assert not isinstance(gan, Density)
    assert not isinstance(gan, Differentiable)


def test_its_outputs_are_nearer_to_digits_than_noise_is(
    gan: Gan, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds = sample_seeds(1, 300)
    distances = []
    for correlated in (False, True):
        gaussian = Gaussian(correlated=correlated)
        gaussian.fit(digit_data, Training(0))
        distances.append(from_held_out(gaussian.sample(seeds)))
    own = from_held_out(gan.sample(seeds))
    assert own < 0.4 * distances[0]
    assert own < distances[1]


def test_an_untrained_generator_does_not_pass_for_one(
    digit_data: Dataset, gan: Gan, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    untrained, seeds = Gan(steps=1), sample_seeds(1, 300)
    untrained.fit(digit_data, Training(0))
    assert from_held_out(untrained.sample(seeds)) > 3 * from_held_out(gan.sample(seeds))


def test_its_outputs_differ(gan: Gan) -> None:
    x = np.stack(gan.sample(sample_seeds(2, 100))).reshape(100, -1)
    assert len(np.unique(x, axis=0)) == 100


def test_a_sample_is_its_seeds_alone(gan: Gan) -> None:
    together = np.stack(gan.sample(SEEDS)).astype(int)
    apart = np.stack([*gan.sample(SEEDS[:1]), *gan.sample(SEEDS[1:8]), *gan.sample(SEEDS[8:])]).astype(int)
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart).max() <= 1


def test_moving_the_latents_moves_the_images_by_degrees(gan: Gan) -> None:
    here = np.stack(gan.sample(SEEDS)).astype(float)
    moves = [np.abs(np.stack(gan.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[3] > 3 * moves[1] > 0


def test_a_restored_model_samples_identically(gan: Gan) -> None:
    again = Gan(steps=1000)
    again.restore(*gan.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(gan.sample(SEEDS)))


def test_the_penalty_flattens_the_discriminator(digit_data: Dataset) -> None:
    """R1 bounds |grad D| on real images: a hundredfold penalty leaves a flatter discriminator."""
    x = torch.from_numpy(np.stack(digit_data.take("train", 64))).permute(0, 3, 1, 2) / 255.0
    slopes = []
    for penalty in (0.0, 100.0):
        torch.manual_seed(0)
        model, critic = Gan(penalty=penalty), Discriminator((1, 8, 8), 8)
        player = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.Sigmoid(), torch.nn.Unflatten(1, (1, 8, 8)))
        judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
        for step in range(40):
            made = player(torch.randn(64, 32)).detach()
            model.judge(critic, judges, x.clone(), made, penalize=step % 4 == 0)
        real = x.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(critic(real).sum(), real)
        slopes.append(slope.square().flatten(1).sum(1).mean().item())
    assert slopes[1] < 0.2 * slopes[0]


@pytest.mark.parametrize(("height", "width"), [(5, 9), (13, 18), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (20, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")
    model = Gan(breadth=8, latent=4, steps=5, batch=8)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)
