"""StyleGAN2: it learns digits, its parts are the paper's, and a sample is its seed alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Fittable, Persistent, Perturbable, Placeable, Sampler, Training
from genbench.models._stylegan2 import Generator, Layer, Modulated, Plan, blur_kernel
from genbench.models.gaussian import Gaussian
from genbench.models.stylegan2 import Convolution, Discriminator, Game, Residual, Stylegan2, plan_of, spread

SEEDS = sample_seeds(0, 12, "stylegan2")


@pytest.fixture(scope="module")
def stylegan2(digit_data: Dataset) -> Stylegan2:
    torch.set_num_threads(1)
    model = Stylegan2(breadth=16, steps=900)
    model.fit(digit_data, Training(0))
    return model


def test_it_has_the_capabilities_it_names_and_no_density(stylegan2: Stylegan2) -> None:
    for capability in (Sampler, Perturbable, Fittable, Persistent, Placeable):
        assert isinstance(stylegan2, capability)
    assert not isinstance(stylegan2, Density)


def test_its_outputs_are_nearer_to_digits_than_noise_is(
    stylegan2: Stylegan2, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds = sample_seeds(1, 300)
    gaussian, untrained = Gaussian(correlated=False), Stylegan2(breadth=16, steps=1)
    for model in (gaussian, untrained):
        model.fit(digit_data, Training(0))
    own = from_held_out(stylegan2.sample(seeds))
    assert own < 0.6 * from_held_out(gaussian.sample(seeds))
    assert own < 0.5 * from_held_out(untrained.sample(seeds))


def test_a_sample_is_its_seeds_alone_and_no_two_are_alike(stylegan2: Stylegan2) -> None:
    together = np.stack(stylegan2.sample(SEEDS)).astype(int)
    apart = np.stack([*stylegan2.sample(SEEDS[:1]), *stylegan2.sample(SEEDS[1:8]), *stylegan2.sample(SEEDS[8:])])
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart).max() <= 1
    assert len(np.unique(together.reshape(12, -1), axis=0)) == 12


def test_moving_the_latents_moves_the_images_by_degrees(stylegan2: Stylegan2) -> None:
    here = np.stack(stylegan2.sample(SEEDS)).astype(float)
    moves = [np.abs(np.stack(stylegan2.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[3] > 3 * moves[1] > 0


def test_truncation_draws_images_towards_one_another(stylegan2: Stylegan2) -> None:
    spreads = []
    for psi in (0.0, 0.5, 1.0):
        truncated = Stylegan2(breadth=16, steps=900, psi=psi)
        truncated.restore(*stylegan2.state())
        spreads.append(np.stack(truncated.sample(SEEDS)).astype(float).std(axis=0).mean())
    assert spreads[0] < spreads[1] < spreads[2]
    assert spreads[0] < 0.3 * spreads[2]  # what is left is the noise inputs' part
    with pytest.raises(ModelError, match="psi lies between 0"):
        Stylegan2(psi=1.5)


def test_a_restored_model_samples_identically(stylegan2: Stylegan2) -> None:
    again = Stylegan2(breadth=16, steps=900)
    again.restore(*stylegan2.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(stylegan2.sample(SEEDS)))


def test_modulation_is_the_papers_formula() -> None:
    """Weights scaled and normalized per item, as in equations 1 and 3, and one convolution for each item."""
    torch.manual_seed(0)
    layer = Modulated(5, 7, 3, 4, read_out=False, doubles=False)
    x, w = torch.randn(3, 5, 6, 6), torch.randn(3, 4)
    styles = layer.style(w)
    for i in range(3):
        weight = layer.weight * layer.gain * styles[i][None, :, None, None]
        weight = weight / weight.square().sum(dim=(1, 2, 3), keepdim=True).add(1e-8).sqrt()
        expected = F.conv2d(x[i : i + 1], weight, padding=1)
        torch.testing.assert_close(layer(x, w)[i : i + 1], expected, rtol=1e-4, atol=1e-5)


def test_demodulation_gives_outputs_of_unit_variance() -> None:
    torch.manual_seed(0)
    layer = Modulated(64, 64, 3, 4, read_out=False, doubles=False)
    made = layer(torch.randn(8, 64, 20, 20), 30 * torch.randn(8, 4))[:, :, 1:-1, 1:-1]
    assert torch.allclose(made.std(dim=(1, 2, 3)), torch.ones(8), atol=0.1)


def test_doubling_keeps_what_is_constant() -> None:
    """The zeros put between pixels are blurred away: a flat image stays flat inside."""
    flat = torch.ones(1, 1, 6, 6)
    doubled = F.conv_transpose2d(flat, blur_kernel(4.0), stride=2, padding=1)
    assert doubled.shape == (1, 1, 12, 12)
    assert torch.allclose(doubled[:, :, 1:-1, 1:-1], torch.ones(1, 1, 10, 10))


def test_signals_keep_their_size_through_all_layers_of_32_pixels() -> None:
    """Root mean squares before training: were each doubling to lose or gain a factor, three of them would show it."""
    torch.manual_seed(0)
    game = Game(plan_of((3, 32, 32), 16, 64, 2), Stylegan2(breadth=16, latent=64))
    sizes = {}

    def measure(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        return lambda module, inputs, x: sizes.update({name: float(x.detach().square().mean().sqrt())})

    for net in (game.player, game.critic):
        for name, module in net.named_modules():
            if isinstance(module, (Layer, Convolution, Residual)):
                module.register_forward_hook(measure(f"{type(net).__name__} {name}"))
    with torch.no_grad():
        made = game.made(32)[0]
        game.critic(made)
    assert len(sizes) == 7 + 14
    assert all(0.3 < size < 1.3 for size in sizes.values()), sizes
    assert 0.5 < float(made.std()) < 2


def test_a_halved_convolution_is_a_blur_and_every_second_place() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 6)
    for size in (1, 3):
        layer = Convolution(3, 5, size, halve=True)
        with torch.no_grad():
            blurred = F.conv2d(x, blur_kernel(1.0).expand(3, 1, 4, 4), padding=size // 2 + 1, groups=3)
            expected = F.conv2d(blurred, layer.weight * layer.gain, stride=2)
            torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)
        assert expected.shape == (2, 5, 4, 3)


def test_the_discriminator_leads_by_a_factor() -> None:
    plan, rates = plan_of((1, 8, 8), 4, 6, 2), []
    for lead in (1.0, 3.0):
        game = Game(plan, Stylegan2(breadth=4, latent=6, lead=lead))
        game.pace(0.01)
        rates.append((game.moves.param_groups[0]["lr"], game.judges.param_groups[0]["lr"]))
    assert rates[1] == pytest.approx((rates[0][0], 3 * rates[0][1]))
    with pytest.raises(ModelError, match="lead, the discriminator's rate as a multiple, is above 0, got 0"):
        Stylegan2(lead=0.0)


def test_a_round_leaves_both_players_able_to_learn() -> None:
    """The discriminator's weights are fixed while the generator moves, and free again after it."""
    torch.manual_seed(0)
    game = Game(plan_of((1, 8, 8), 4, 6, 2), Stylegan2(breadth=4, latent=6))
    before = [[weight.detach().clone() for weight in net.parameters()] for net in (game.player, game.critic)]
    game.pace(0.01)
    for step in (1, 2):
        game.round(torch.randn(8, 1, 8, 8), step)
    for old, net in zip(before, (game.player, game.critic), strict=True):
        assert all(weight.requires_grad for weight in net.parameters())
        assert sum(not torch.equal(a, b) for a, b in zip(old, net.parameters(), strict=True)) > len(old) / 2


def test_noise_enters_at_its_learned_strength() -> None:
    layer = Layer(4, 4, 4, doubles=False, clamp=None)
    x, w = torch.randn(2, 4, 4, 4), torch.randn(2, 4)
    quiet, loud = torch.zeros(2, 1, 4, 4), torch.randn(2, 1, 4, 4)
    assert torch.equal(layer(x, w, quiet), layer(x, w, loud))
    with torch.no_grad():
        layer.strength.fill_(0.5)
    assert not torch.allclose(layer(x, w, quiet), layer(x, w, loud))


def test_a_discriminator_sees_that_a_batch_is_all_alike() -> None:
    alike, different = torch.randn(1, 3, 4, 4).expand(8, -1, -1, -1), torch.randn(8, 3, 4, 4)
    assert float(spread(alike).max()) < 2e-4
    expected = different.view(4, 2, -1).std(dim=0, unbiased=False).mean(dim=1)
    assert torch.allclose(spread(different)[:2, 0, 0, 0], expected, atol=1e-4)
    critic = Discriminator(plan_of((3, 20, 12), 4, 8, 2))
    assert critic(torch.randn(6, 3, 20, 12)).shape == (6,)


def test_path_lengths_are_gradients_of_the_image_in_w() -> None:
    """For a synthesis that is linear in w, |J' y| is known: the penalty is 0 where all lengths are the mean."""
    torch.manual_seed(0)
    game = Game(plan_of((1, 8, 8), 4, 6, 2), Stylegan2(breadth=4, latent=6))
    w = torch.randn(5, game.plan.layers, 6, requires_grad=True)
    turn = torch.linalg.qr(torch.randn(64, 6)).Q  # columns of length 1
    made = (w.sum(dim=1) @ turn.T).view(5, 1, 8, 8)
    torch.manual_seed(3)
    penalty = game.bend(made, w)
    torch.manual_seed(3)
    y = torch.randn(5, 64) / 8
    lengths = (y @ turn).norm(dim=1)
    mean = 0.01 * lengths.mean()
    assert torch.allclose(penalty, (lengths - mean).square().mean(), rtol=1e-4)
    assert torch.allclose(game.path, mean, rtol=1e-5)


def test_styles_are_mixed_at_one_crossing() -> None:
    torch.manual_seed(0)
    game = Game(plan_of((1, 32, 32), 4, 6, 2), Stylegan2(breadth=4, latent=6))
    _, w = game.made(400)
    changes = (w[:, 1:] != w[:, :-1]).any(dim=2).sum(dim=1)
    assert set(changes.tolist()) == {0, 1}
    assert 0.8 < changes.float().mean() < 0.97
    assert float(game.player.mapping.average.abs().max()) > 0


@pytest.mark.parametrize(("height", "width"), [(3, 4), (5, 9), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (20, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")
    model = Stylegan2(breadth=4, latent=8, steps=17)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)


def test_the_grid_doubles_up_to_the_image() -> None:
    for shape, planes in (((1, 8, 8), (32, 16)), ((3, 28, 28), (128, 64, 32, 16)), ((3, 4, 4), (16,))):
        plan = plan_of(shape, 16, 8, 2)
        assert plan.planes == planes
        assert Generator(plan).sides()[-1][0] >= shape[1]
    assert Plan((3, 28, 14), (8, 4, 2, 1), 4, 4, 1).grid == (4, 2)
