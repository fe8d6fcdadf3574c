"""The Gaussian process: its kernel and its bound against direct computation, and learning that beats the control."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

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
from genbench.models._levels import opened
from genbench.models.gaussian import Gaussian
from genbench.models.gaussian_process import GaussianProcess, Kernel

SEEDS = sample_seeds(0, 12, "gaussian process")


@pytest.fixture(scope="module")
def process(digit_data: Dataset) -> GaussianProcess:
    torch.set_num_threads(1)
    model = GaussianProcess()
    model.fit(digit_data, Training(0))
    return model


def pictures(values: np.ndarray) -> Dataset:
    items = list(np.clip(np.floor(values), 0, 255).astype(np.uint8))
    half = len(items) // 2
    splits = {"train": np.arange(half), "held_out": np.arange(half, len(items))}
    return Dataset("p", "image", items, splits, tuple(map(str, range(len(items)))), "", "CC0", "drawn here")


def test_it_has_the_capabilities_it_names(process: GaussianProcess) -> None:
    for capability in (Sampler, Perturbable, Density, Fittable, Persistent, Placeable):
        assert isinstance(process, capability)
    assert not isinstance(process, Differentiable)


def test_the_kernel_is_its_formula_and_a_correlation() -> None:
    torch.manual_seed(0)
    kernel = Kernel((3, 2, 2), 3)
    for parameter in kernel.parameters():
        torch.nn.init.normal_(parameter)
    with torch.no_grad():
        K = kernel().numpy()
        w, lengths, f = (
            p.numpy() for p in (torch.softmax(kernel.log_weights, 0), kernel.log_lengths.exp(), kernel.frequencies)
        )
        own, rows = torch.sigmoid(kernel.own).item(), kernel.mix.numpy()
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    places = [(i, j, c) for i in range(3) for j in range(2) for c in range(2)]  # the order of an item's values
    for a, (i, j, c) in enumerate(places):
        for b, (p, q, e) in enumerate(places):
            t = np.array([i - p, j - q])
            k = sum(
                w[n] * np.exp(-0.5 * ((t / lengths[n]) ** 2).sum()) * np.cos(2 * np.pi * f[n] @ t) for n in range(3)
            )
            assert K[a, b] == pytest.approx((1 - own) * k * (rows[c] @ rows[e]) + own * (a == b), abs=1e-12)
    np.testing.assert_allclose(np.diag(K), 1)
    assert np.linalg.eigvalsh(K).min() > 0


def test_the_bound_is_the_mean_log_density_of_opened_pixels(process: GaussianProcess, digit_data: Dataset) -> None:
    item, draws = digit_data.take("held_out", 1)[0], 20_000
    k = torch.from_numpy(item.astype(np.float32)).permute(2, 0, 1).expand(draws, 1, 8, 8)
    y, log_q = opened(k, torch.randn(k.shape, generator=torch.Generator().manual_seed(0)))
    normal = multivariate_normal(process.mean, process.factor @ process.factor.T)
    ratios = normal.logpdf(y.permute(0, 2, 3, 1).flatten(1).numpy()) - log_q.numpy()
    said = process.log_prob([item])
    assert said.bound
    assert said.nats[0] == pytest.approx(ratios.mean(), abs=4 * ratios.std() / math.sqrt(draws))


def test_the_bounds_of_all_images_of_two_pixels_sum_to_less_than_one_and_not_much_less() -> None:
    rng = np.random.default_rng(0)
    model = GaussianProcess(components=1, steps=50)
    model.fit(
        pictures(rng.multivariate_normal([40, 120], [[900, 500], [500, 1200]], 400)[:, None, :, None]), Training()
    )
    every = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).reshape(-1, 1, 2, 1).astype(np.uint8)
    total = logsumexp(model.log_prob(list(every)).nats)
    assert math.log(0.8) < total < 0


def test_it_finds_the_length_scale_images_were_drawn_with() -> None:
    places = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"), axis=-1).reshape(64, 2)
    apart = ((places[:, None] - places) / (2.5, 1.2)).astype(float)
    covariance = 900 * np.exp(-0.5 * (apart**2).sum(-1)) + 100 * np.eye(64)
    drawn = np.random.default_rng(0).multivariate_normal(np.full(64, 128.0), covariance, 400)
    model = GaussianProcess(components=1)
    history = model.fit(pictures(drawn.reshape(400, 8, 8, 1)), Training())
    assert model.kernel is not None
    np.testing.assert_allclose(model.kernel.log_lengths.detach().exp()[0], (2.5, 1.2), rtol=0.1)
    assert torch.sigmoid(model.kernel.own).item() == pytest.approx(0.1, abs=0.03)
    assert "100% at 2." in history.ended


def test_it_predicts_held_out_digits_better_than_its_untrained_self_and_than_noise_does(
    process: GaussianProcess, digit_data: Dataset
) -> None:
    untrained, gaussian = GaussianProcess(steps=0), Gaussian()
    held_out = digit_data.take("held_out", 300)
    for model in (untrained, gaussian):
        model.fit(digit_data, Training(0))
    own = process.log_prob(held_out).nats
    assert (own - untrained.log_prob(held_out).nats).mean() > 2.0
    # the control's exact log-probability lies below this lower bound
    assert (own - gaussian.log_prob(held_out).nats).mean() > 20.0


def test_its_outputs_are_nearer_to_digits_than_noise_is(
    process: GaussianProcess, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    gaussian, seeds = Gaussian(), sample_seeds(1, 300)
    gaussian.fit(digit_data, Training(0))
    assert from_held_out(process.sample(seeds)) < 0.6 * from_held_out(gaussian.sample(seeds))


def test_seeds_latents_and_restoring(process: GaussianProcess, digit_data: Dataset) -> None:
    here = np.stack(process.sample(SEEDS))
    np.testing.assert_array_equal(here, np.stack([*process.sample(SEEDS[:4]), *process.sample(SEEDS[4:])]))
    np.testing.assert_array_equal(here, np.stack(process.sample_near(SEEDS, 0.0)))
    moves = [np.abs(np.stack(process.sample_near(SEEDS, s)) - here.astype(float)).mean() for s in (0.1, 0.5, 1.0)]
    assert 0 < moves[0] < moves[1] < moves[2]
    again = GaussianProcess()
    again.restore(*process.state())
    np.testing.assert_array_equal(here, np.stack(again.sample(SEEDS)))
    items = digit_data.take("held_out", 5)
    np.testing.assert_array_equal(again.log_prob(items).nats, process.log_prob(items).nats)


def test_the_same_data_train_the_same_model(process: GaussianProcess, digit_data: Dataset) -> None:
    first, second = GaussianProcess(steps=20), GaussianProcess(steps=20)
    assert first.fit(digit_data, Training(0)) == second.fit(digit_data, Training(1))


@pytest.mark.parametrize(("height", "width"), [(7, 9), (12, 5)])
def test_any_size_and_colour(height: int, width: int) -> None:
    values = np.random.default_rng(0).integers(0, 256, (40, height, width, 3))
    model = GaussianProcess(components=2, steps=3)
    images = pictures(values)
    model.fit(images, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)
    assert model.log_prob(images.take("held_out")).counts["dimension"][0] == height * width * 3


def test_pixels_that_never_change_are_no_trouble() -> None:
    model = GaussianProcess(components=1, steps=5)
    flat = pictures(np.full((20, 4, 4, 1), 7.0))
    model.fit(flat, Training(0))
    assert np.isfinite(model.log_prob(flat.take("held_out")).nats).all()
    assert np.abs(np.stack(model.sample(SEEDS)).astype(int) - 7).max() <= 2


def test_what_it_cannot_take_is_refused(process: GaussianProcess) -> None:
    with pytest.raises(ModelError, match=r"fitted on images.*\(1, 8, 8\), got \(1, 9, 8\)"):
        process.log_prob([np.zeros((9, 8, 1), dtype=np.uint8)])
    with pytest.raises(ModelError, match=r"at most 4,096 values .* 'p' has 2 of 4,225"):
        GaussianProcess().fit(pictures(np.zeros((4, 65, 65, 1))), Training(0))
