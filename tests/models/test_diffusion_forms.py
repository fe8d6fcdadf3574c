"""The forms of diffusion: both objectives, three samplers, guidance and the bound, each beside its paper's formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from torch import Tensor

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Training
from genbench.models._denoising import (
    SIGMA_MAX,
    Bound,
    Objective,
    ancestral,
    bound,
    ddim,
    decoder_scale,
    ladder,
    of_ddpm,
)
from genbench.models.diffusion import Denoiser, Diffusion
from genbench.models.gaussian import Gaussian

SEEDS = sample_seeds(0, 12, "diffusion")


class Known(Denoiser):
    """The perfect denoiser of data drawn from N(mean, spread^2) in every pixel, images in [-1, 1]."""

    mean, spread = 0.2, 0.1

    def forward(self, x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        keep = self.spread**2 / (self.spread**2 + sigma[:, None, None, None] ** 2)
        return keep * x + (1 - keep) * self.mean


@pytest.fixture(scope="module")
def told(digit_data: Dataset) -> Diffusion:
    """DDPM's objective, told which digit an image shows."""
    torch.set_num_threads(1)
    model = Diffusion(steps=220, objective="ddpm", conditional=True, sampler="ddim", sampling_steps=20)
    model.fit(digit_data, Training(0))
    return model


def test_noise_is_added_as_published() -> None:
    """beta from 1e-4 to 0.02 in 1,000 steps: a_1000 = 4.036e-5, so hardly anything of an image is left."""
    sigmas = of_ddpm()
    assert len(sigmas) == 1000
    assert 1 / (1 + sigmas[0].item() ** 2) == pytest.approx(1 - 1e-4, rel=1e-9)
    assert 1 / (1 + sigmas[-1].item() ** 2) == pytest.approx(4.0358e-5, rel=1e-4)
    assert ladder("ddpm", 1000).tolist() == [*sigmas.flip(0).float().tolist(), 0.0]
    assert len(ladder("ddpm", 5)) == len(ladder("edm", 5)) == 6
    assert ladder("edm", 5)[0] == pytest.approx(SIGMA_MAX)


def test_an_ancestral_step_is_ddpms_in_its_own_scale() -> None:
    """x_{t-1} = 1/sqrt(alpha) (x_t - beta / sqrt(1 - a_t) e') + sqrt(beta (1 - a_{t-1}) / (1 - a_t)) z: algorithm 2."""
    net = Denoiser((1, 4, 4), 8, "ddpm")
    sigmas = of_ddpm()
    t, x, z = 400, torch.randn(3, 1, 4, 4), torch.randn(3, 1, 4, 4)
    a, b = (1 / (1 + sigmas[i].item() ** 2) for i in (t, t - 1))
    alpha, sigma = a / b, sigmas[t].float()
    with torch.no_grad():
        known = net(x / math.sqrt(a), sigma.expand(3))
        e = (x / math.sqrt(a) - known) / sigma
        expected = (x - (1 - alpha) / math.sqrt(1 - a) * e) / math.sqrt(alpha)
        expected += math.sqrt((1 - alpha) * (1 - b) / (1 - a)) * z
        made = ancestral(net, x / math.sqrt(a), sigmas[[t, t - 1]].float(), z[:, None])
    torch.testing.assert_close(math.sqrt(b) * made, expected, rtol=1e-4, atol=1e-4)


def test_a_step_of_ddim_is_the_papers_in_its_own_scale() -> None:
    """x' = sqrt(a') (x - sqrt(1 - a) e') / sqrt(a) + sqrt(1 - a') e': equation 12 with eta = 0."""
    net = Denoiser((1, 4, 4), 8, "ddpm")
    sigmas, x = of_ddpm()[[700, 350]].float(), torch.randn(3, 1, 4, 4)
    a, b = (1 / (1 + s.item() ** 2) for s in sigmas)
    with torch.no_grad():
        e = (x / math.sqrt(a) - net(x / math.sqrt(a), sigmas[0].expand(3))) / sigmas[0]
        expected = math.sqrt(b) * (x - math.sqrt(1 - a) * e) / math.sqrt(a) + math.sqrt(1 - b) * e
        made = ddim(net, x / math.sqrt(a), sigmas)
    torch.testing.assert_close(math.sqrt(b) * made, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("objective", ["edm", "ddpm"])
@pytest.mark.parametrize("sampler", ["heun", "ddim", "ancestral"])
def test_every_sampler_draws_from_a_gaussian_when_its_denoiser_is_the_gaussian_s(objective: str, sampler: str) -> None:
    model = Diffusion(
        breadth=8, sampling_steps=100 if sampler == "heun" else 1000, objective=objective, sampler=sampler
    )  # type: ignore[arg-type]
    model.net = Known((1, 4, 4), 8)
    x = np.stack(model.sample(sample_seeds(0, 300))) / 255 * 2 - 1
    assert x.mean() == pytest.approx(0.2, abs=0.01)
    assert x.std() == pytest.approx(0.1, rel=0.06)


def test_ancestral_chance_is_in_the_latent() -> None:
    """So that a sample is its seeds' alone, moves by degrees, and has ways to others, whatever the sampler."""
    model = Diffusion(breadth=8, sampling_steps=6, sampler="ancestral")
    model.net = Known((1, 4, 4), 8)
    assert model._latent_shape() == (6 * 16,)
    here = np.stack(model.sample(SEEDS)).astype(float)
    np.testing.assert_array_equal(here[3:5], np.stack(model.sample(SEEDS[3:5])))
    moves = [np.abs(np.stack(model.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] == 0.0
    assert moves == sorted(moves)
    way = model.interpolate(SEEDS[:6], SEEDS[6:], np.zeros(6), "z")
    np.testing.assert_allclose(way.transpose(0, 2, 3, 1) * 255, here[:6], atol=0.51)


def test_ddpm_learns_digits_and_its_untrained_self_does_not(
    told: Diffusion, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds, untrained = sample_seeds(1, 300), Diffusion(steps=1, objective="ddpm", sampler="ddim", sampling_steps=20)
    gaussian = Gaussian()
    for model in (untrained, gaussian):
        model.fit(digit_data, Training(0))
    own = from_held_out(told.sample(seeds))
    assert own < 0.4 * from_held_out(gaussian.sample(seeds))
    assert own < 0.3 * from_held_out(untrained.sample(seeds))
    held_out = digit_data.take("held_out", 100)
    bits = [-model.log_prob(held_out).nats.mean() / (64 * math.log(2)) for model in (told, untrained)]
    assert bits[0] < bits[1] - 2


def test_a_group_is_drawn_as_often_as_it_was_seen_and_guidance_makes_it_plainer(
    told: Diffusion, digit_data: Dataset
) -> None:
    """Judged by a classifier of real digits, which is surer of what was led towards its class."""
    assert sum(told.counts) == len(digit_data.indices("train"))
    z = torch.randn(400, 1 + 64)
    z[:, 0] = torch.special.ndtri((torch.arange(400) + 0.5) / 400)
    edges = np.cumsum(told.counts) / np.sum(told.counts)
    wanted = np.searchsorted(edges, (np.arange(400) + 0.5) / 400)
    judge = MLPClassifier((48,), max_iter=60, random_state=0)
    judge.fit(np.stack(digit_data.take("train")).reshape(-1, 64) / 255.0, digit_data.labels("train"))
    right = {}
    for w in (0.0, 1.0, 2.0):
        told.guidance = w
        right[w] = judge.score(np.stack(told._made(z)).reshape(400, -1) / 255.0, wanted)
    told.guidance = 1.0
    assert right[0.0] < 0.25  # led nowhere: chance
    assert right[1.0] > 0.5
    assert right[2.0] > right[1.0] + 0.05


def test_guidance_is_its_formula(told: Diffusion) -> None:
    assert told.net is not None
    x, sigma, label = torch.randn(4, 1, 8, 8), torch.rand(4) + 0.1, torch.arange(4)
    told.guidance = 2.5
    with torch.no_grad():
        without, told_it = told.net(x, sigma), told.net(x, sigma, label)
        led = told._denoiser(label)(x, sigma)
    told.guidance = 1.0
    torch.testing.assert_close(led, without + 2.5 * (told_it - without))
    assert not torch.equal(without, told_it)


def test_a_restored_model_samples_and_scores_identically(told: Diffusion, digit_data: Dataset) -> None:
    again = Diffusion(steps=220, objective="ddpm", conditional=True, sampler="ddim", sampling_steps=20)
    again.restore(*told.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(told.sample(SEEDS)))
    items = digit_data.take("held_out", 5)
    np.testing.assert_array_equal(again.log_prob(items).nats, told.log_prob(items).nats)


def test_an_item_s_bound_does_not_depend_on_its_neighbours(told: Diffusion, digit_data: Dataset) -> None:
    assert isinstance(told, Density)
    items = digit_data.take("held_out", 9)
    together, alone = told.log_prob(items).nats, told.log_prob(items[4:5]).nats
    np.testing.assert_allclose(together[4:5], alone, rtol=1e-4)


GREY = 2 / 255  # from one grey level to the next
SHARES = (0.3, 0.7)
LEVELS = (100, 140)


def two_levels(x: Tensor, sigma: Tensor) -> Tensor:
    """The perfect denoiser of one pixel that is one of two levels, with these shares."""
    values = torch.tensor([GREY * level - 1 for level in LEVELS], dtype=x.dtype)
    away = -((x[..., None] - values) ** 2) / (2 * sigma[:, None, None, None, None] ** 2)
    return (torch.softmax(away + torch.tensor(SHARES, dtype=x.dtype).log(), dim=-1) * values).sum(-1)


@pytest.mark.parametrize("objective", ["edm", "ddpm"])
def test_the_bound_of_a_perfect_denoiser_is_the_entropy(objective: Objective) -> None:
    """Endless steps with the true D lose nothing, and neither does a decoder about a D that knows the level."""
    n, means = 1500, []
    for level in LEVELS:
        x = torch.full((n, 1, 1, 1), GREY * level - 1, dtype=torch.float64)
        assert decoder_scale(two_levels, x, objective) < 1e-3
        means.append(bound(two_levels, x, sample_seeds(level, n), Bound(objective, 8, 1e-4)).mean().item())
    found = sum(share * mean for share, mean in zip(SHARES, means, strict=True))
    entropy = -sum(share * math.log(share) for share in SHARES)
    assert found == pytest.approx(-entropy, abs=0.05)


def test_the_bound_of_a_gaussian_falls_with_a_wrong_denoiser_and_does_not_depend_on_the_number_of_terms() -> None:
    model = Diffusion(breadth=8)
    model.net = Known((1, 4, 4), 8)
    rng = np.random.default_rng(0)
    draws = rng.normal(127.5 * 1.2, 12.75, (1000, 4, 4, 1))
    items = list(np.clip(np.rint(draws), 0, 255).astype(np.uint8))
    truth = -0.5 * (math.log(2 * math.pi * 12.75**2) + 1)  # nats per pixel, of a density in grey levels
    x = torch.from_numpy(np.stack(items)).permute(0, 3, 1, 2) / 127.5 - 1
    model.net.scale.fill_(decoder_scale(model.net, x, "edm"))
    means = []
    for terms in (16, 64):
        model.terms = terms
        means.append(model.log_prob(items).nats.mean() / 16)
    assert means[0] == pytest.approx(means[1], abs=0.05)  # chance alone
    assert truth - 0.08 < means[-1] < truth + 0.02  # a bound: below, by what a logistic is no normal
    Known.mean = 0.4
    try:
        assert model.log_prob(items).nats.mean() / 16 < means[-1] - 1
    finally:
        Known.mean = 0.2


def test_what_cannot_work_is_refused(digit_data: Dataset) -> None:
    with pytest.raises(ModelError, match="needs `conditional: true`"):
        Diffusion(guidance=2.0)
    with pytest.raises(ModelError, match="at least 1"):
        Diffusion(terms=0)
    items = digit_data.take("train", 20)
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    bare = Dataset("bare", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")
    with pytest.raises(ModelError, match="has none"):
        Diffusion(conditional=True, steps=1).fit(bare, Training(0))


def test_the_levels_fall() -> None:
    for objective in ("edm", "ddpm"):
        assert all(now > then for now, then in pairwise(ladder(objective, 12).tolist()))  # type: ignore[arg-type]


def test_ddpm_has_no_more_steps_than_it_was_trained_with() -> None:
    with pytest.raises(ModelError, match="1000 steps"):
        Diffusion(objective="ddpm", sampling_steps=1001)
