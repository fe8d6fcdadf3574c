"""The Wasserstein GAN: its critic measures a known distance, and its outputs are nearer to digits than noise is."""

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
from genbench.models._pyramid import Down
from genbench.models.gaussian import Gaussian
from genbench.models.wgan_gp import WganGp

SEEDS = sample_seeds(0, 12, "wgan")


@pytest.fixture(scope="module")
def wgan(digit_data: Dataset) -> WganGp:
    torch.set_num_threads(1)
    model = WganGp(steps=200)
    model.fit(digit_data, Training(0))
    return model


def test_it_has_the_capabilities_it_names_and_no_density(wgan: WganGp) -> None:
    for capability in (Sampler, Perturbable, Fittable, Persistent, Placeable):
        assert isinstance(wgan, capability)
    assert not isinstance(wgan, Density)
    assert not isinstance(wgan, Differentiable)


def critic_of(penalty: float, steps: int) -> float:
    """A critic's estimate between images [1 4 4] of 0 and of 0.25: 16 pixels apart by 0.25, so W_1 = 1."""
    torch.manual_seed(0)
    model, critic = WganGp(penalty=penalty), Down((1, 4, 4), 8, outputs=1)
    judges = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
    real, made = torch.zeros(32, 1, 4, 4), torch.full((32, 1, 4, 4), 0.25)
    distance = 0.0
    for _ in range(steps):
        distance = model.judge(critic, judges, real, made)
    return distance


@pytest.mark.parametrize("penalty", [1.0, 10.0])
def test_its_critic_measures_the_distance_of_two_points(penalty: float) -> None:
    """With slope g between points W = 1 apart the critic maximizes g - penalty (g - 1)^2: at g = 1 + 1/(2 penalty)."""
    assert critic_of(penalty, 300) == pytest.approx(1 + 1 / (2 * penalty), rel=0.07)


def test_without_the_penalty_the_critic_has_no_bound() -> None:
    assert critic_of(0.0, 300) > 5


def test_its_outputs_are_nearer_to_digits_than_noise_is(
    wgan: WganGp, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds = sample_seeds(1, 300)
    own = from_held_out(wgan.sample(seeds))
    for other in (Gaussian(), Gaussian(correlated=True), WganGp(steps=1)):
        other.fit(digit_data, Training(0))
        assert own < 0.6 * from_held_out(other.sample(seeds))


def test_its_critic_sees_the_distance_shrink(digit_data: Dataset) -> None:
    told = []
    history = WganGp(steps=60).fit(digit_data, Training(0, tell=told.append))
    assert tuple(told) == history.ticks
    peak = max(tick.losses["held_out"] for tick in history.ticks)
    assert history.ticks[-1].losses["held_out"] < 0.6 * peak


def test_its_outputs_differ(wgan: WganGp) -> None:
    x = np.stack(wgan.sample(sample_seeds(2, 100))).reshape(100, -1)
    assert len(np.unique(x, axis=0)) == 100


def test_a_sample_is_its_seeds_alone(wgan: WganGp) -> None:
    together = np.stack(wgan.sample(SEEDS)).astype(int)
    apart = np.stack([*wgan.sample(SEEDS[:1]), *wgan.sample(SEEDS[1:8]), *wgan.sample(SEEDS[8:])]).astype(int)
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart).max() <= 1


def test_moving_the_latents_moves_the_images_by_degrees(wgan: WganGp) -> None:
    here = np.stack(wgan.sample(SEEDS)).astype(float)
    moves = [np.abs(np.stack(wgan.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[3] > 3 * moves[1] > 0


def test_a_restored_model_samples_identically(wgan: WganGp) -> None:
    again = WganGp(steps=200)
    again.restore(*wgan.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(wgan.sample(SEEDS)))


def test_the_same_seed_trains_the_same_model(digit_data: Dataset) -> None:
    first, second = WganGp(steps=5), WganGp(steps=5)
    assert first.fit(digit_data, Training(7)) == second.fit(digit_data, Training(7))
    np.testing.assert_array_equal(np.stack(first.sample(SEEDS)), np.stack(second.sample(SEEDS)))


@pytest.mark.parametrize(("height", "width"), [(7, 9), (13, 18), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (20, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")
    model = WganGp(breadth=8, latent=4, steps=2, batch=8)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)
