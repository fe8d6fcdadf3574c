"""Flow matching: its solver and its likelihood where both are known, and a trained flow that beats noise at both."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Differentiable, Fittable, Persistent, Perturbable, Placeable, Sampler, Training
from genbench.models.flow_matching import FlowMatching, Velocity, integrate
from genbench.models.gaussian import Gaussian

SEEDS = sample_seeds(0, 12, "flow matching")


@pytest.fixture(scope="module")
def flow(digit_data: Dataset) -> FlowMatching:
    torch.set_num_threads(1)
    model = FlowMatching(steps=250)
    model.fit(digit_data, Training(0))
    return model


def drawn(shape: tuple[int, int, int], seed: int = 0, speak: float = 0.3) -> FlowMatching:
    """A flow with random weights, which speak as loud as `speak`; 0: nothing but its pixels' Gaussian is left."""
    torch.manual_seed(seed)
    model = FlowMatching(breadth=8, solver_steps=8)
    net = model.net = Velocity(shape, 8)
    net.mean.uniform_(-0.4, 0.4)
    net.spread.uniform_(0.1, 0.6)
    with torch.no_grad():
        for parameter in net.leave[-1].parameters():
            parameter.mul_(speak)
    return model


def test_it_has_the_capabilities_it_names(flow: FlowMatching) -> None:
    for capability in (Sampler, Perturbable, Density, Differentiable, Fittable, Persistent, Placeable):
        assert isinstance(flow, capability)


def test_the_solver_is_of_fourth_order() -> None:
    def turn(t: Tensor, at: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (torch.stack([-at[0][1], at[0][0]]) * 2 * t,)  # by an angle of t^2

    start, end = torch.tensor([1.0, 0.0]).double(), torch.tensor([math.cos(4), math.sin(4)]).double()
    errors = [(integrate(turn, (start,), np.linspace(0, 2, n + 1).tolist())[0] - end).norm().item() for n in (20, 40)]
    assert errors[0] < 1e-3
    assert 12 < errors[0] / errors[1] < 20


def test_without_its_network_it_is_the_pixels_gaussian() -> None:
    model = drawn((1, 4, 4), speak=0.0)
    net = model.net
    assert net is not None
    normal = torch.distributions.Normal(net.mean, net.spread)
    y = normal.sample((50,))
    said = model._log_density(y, torch.ones_like(y))
    torch.testing.assert_close(said.float(), normal.log_prob(y).flatten(1).sum(1), atol=0.02, rtol=0)
    outputs = np.stack(model.sample(sample_seeds(0, 1500)))[..., 0] + 0.5
    np.testing.assert_allclose(outputs.mean(0), 128 * (1 + net.mean[0].numpy()), atol=6)
    inside = (net.mean.abs() + 3 * net.spread < 1)[0].numpy()  # where clipping takes little of the spread
    assert inside.any()
    np.testing.assert_allclose(outputs.std(0)[inside], 128 * net.spread[0].numpy()[inside], rtol=0.08)


def exact_log_density(model: FlowMatching, y: Tensor) -> float:
    """log p(y) of one image [1 c h w] with the whole Jacobian at every slope."""
    net = model.net
    assert net is not None

    def slope(t: Tensor, at: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        jacobian = torch.autograd.functional.jacobian(lambda x: net(x, t.expand(1)), at[0])
        size = at[0].numel()
        return net(at[0], t.expand(1)).detach(), jacobian.reshape(size, size).trace()[None]

    start, gathered = integrate(slope, (y, torch.zeros(1)), torch.linspace(1, 0, model.solver_steps + 1).tolist())
    return (torch.distributions.Normal(0, 1).log_prob(start).sum() + gathered).item()


def test_random_signs_estimate_the_trace_without_bias() -> None:
    model = drawn((1, 3, 4), speak=1.0)
    y = torch.randn(1, 1, 3, 4, generator=torch.Generator().manual_seed(1)) / 3
    signs = torch.randn(1500, 1, 3, 4, generator=torch.Generator().manual_seed(2)).sign()
    estimates = model._log_density(y.expand(1500, 1, 3, 4), signs)
    error = estimates.std().item() / math.sqrt(1500)
    assert 0 < error < 0.15
    assert estimates.mean().item() == pytest.approx(exact_log_density(model, y), abs=4 * error)


class Bent(Velocity):
    """A smooth velocity far from any Gaussian's, for one pixel, where the trace is exact: a sign's square is 1."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.sin(3 * x + 2 * t[:, None, None, None]) - 0.7 * x


def bent() -> FlowMatching:
    model = FlowMatching(breadth=8, solver_steps=12)
    model.net = Bent((1, 1, 1), 8)
    return model


def test_the_density_of_one_pixel_integrates_to_one_and_is_that_of_the_samples() -> None:
    y = torch.linspace(-4, 4, 2001)[:, None, None, None]
    p = bent()._log_density(y, torch.ones_like(y)).exp()
    assert torch.trapezoid(p, y.flatten().double()).item() == pytest.approx(1, abs=1e-3)
    outputs = np.stack(bent().sample(range(4000))).ravel()
    inside = (y.flatten() >= 0) & (y.flatten() < 0.5)
    said = torch.trapezoid(p[inside], y.flatten()[inside].double()).item()
    assert ((outputs >= 128) & (outputs < 192)).mean() == pytest.approx(said, abs=4 * (0.25 / 4000) ** 0.5)


def test_the_bounds_of_all_levels_of_one_pixel_are_their_masses_or_below() -> None:
    model = bent()
    model.draws = 30
    said = model.log_prob([np.full((1, 1, 1), k, dtype=np.uint8) for k in range(256)])
    assert said.bound
    masses = np.exp(said.nats)
    assert 0.5 < masses.sum() < 1
    y = (torch.arange(256)[:, None, None, None] + 0.5) / 128 - 1
    p = model._log_density(y, torch.ones_like(y)).exp().numpy() / 128
    np.testing.assert_allclose(masses[1:-1], p[1:-1], rtol=0.05)
    assert masses[0] > p[0]  # the outermost levels take what lies beyond them
    assert masses[-1] > p[-1]


def test_the_standard_error_is_what_more_draws_show(flow: FlowMatching, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 60)
    few, many = FlowMatching(draws=2, solver_steps=3), FlowMatching(draws=8, solver_steps=3)
    for model in (few, many):
        model.restore(*flow.state())
    short, long = few.log_prob(items), many.log_prob(items)
    away = np.sqrt(np.mean((short.nats - long.nats) ** 2) / (1 - 2 / 8))  # the first 2 draws are among the 8
    assert 0.7 < away / float(short.facts["standard error (nats/item)"]) < 1.4
    assert float(long.facts["standard error (nats/item)"]) < 0.65 * float(short.facts["standard error (nats/item)"])


def test_finer_steps_change_the_likelihood_little(flow: FlowMatching, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 20)
    finer = FlowMatching(solver_steps=2 * flow.solver_steps)
    finer.restore(*flow.state())
    assert np.abs(finer.log_prob(items).nats - flow.log_prob(items).nats).mean() < 0.5


def test_it_predicts_held_out_digits_better_than_noise_does(flow: FlowMatching, digit_data: Dataset) -> None:
    gaussian, held_out = Gaussian(), digit_data.take("held_out", 100)
    gaussian.fit(digit_data, Training(0))
    said = flow.log_prob(held_out)
    assert said.counts["dimension"].tolist() == [64] * 100
    # the control's exact log-probability lies below this lower bound
    assert said.nats.mean() > gaussian.log_prob(held_out).nats.mean() + 20.0


def test_an_item_s_likelihood_does_not_depend_on_its_neighbours(flow: FlowMatching, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 5)
    together = flow.log_prob(items).nats
    apart = np.concatenate([flow.log_prob(items[3:]).nats, flow.log_prob(items[:3]).nats])
    np.testing.assert_allclose(together[[3, 4, 0, 1, 2]], apart, atol=1e-2)


def test_its_outputs_are_nearer_to_digits_than_noise_and_its_untrained_self_are(
    flow: FlowMatching, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds = sample_seeds(1, 300)
    own = from_held_out(flow.sample(seeds))
    for other, share in ((Gaussian(), 0.3), (Gaussian(correlated=True), 0.9), (FlowMatching(steps=1), 0.3)):
        other.fit(digit_data, Training(0))
        assert own < share * from_held_out(other.sample(seeds))


def test_a_sample_is_its_seeds_alone(flow: FlowMatching) -> None:
    together = np.stack(flow.sample(SEEDS)).astype(int)
    apart = np.stack([*flow.sample(SEEDS[:1]), *flow.sample(SEEDS[1:8]), *flow.sample(SEEDS[8:])]).astype(int)
    assert together.shape == (12, 8, 8, 1)
    assert np.abs(together - apart).max() <= 1


def test_moving_the_latents_moves_the_images_by_degrees(flow: FlowMatching) -> None:
    here = np.stack(flow.sample(SEEDS)).astype(float)
    moves = [np.abs(np.stack(flow.sample_near(SEEDS, s)) - here).mean() for s in (0.0, 0.1, 0.5, 1.0)]
    assert moves[0] <= 0.01
    assert moves == sorted(moves)
    assert moves[1] > 0


def test_a_restored_model_samples_and_scores_identically(flow: FlowMatching, digit_data: Dataset) -> None:
    again = FlowMatching(steps=250)
    again.restore(*flow.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(flow.sample(SEEDS)))
    items = digit_data.take("held_out", 3)
    np.testing.assert_array_equal(again.log_prob(items).nats, flow.log_prob(items).nats)


def test_the_gradient_is_that_of_the_loss(flow: FlowMatching, digit_data: Dataset) -> None:
    x = np.stack(digit_data.take("held_out", 3)).transpose(0, 3, 1, 2) / 255.0
    losses, gradient = flow.loss_and_grad(x)
    step = 1e-2 * gradient / np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
    measured = (flow.loss_and_grad(x + step)[0] - flow.loss_and_grad(x - step)[0]) / 2
    np.testing.assert_allclose(measured, (gradient * step).sum(axis=(1, 2, 3)), rtol=0.05)
    np.testing.assert_allclose(flow.loss_and_grad(x[1:])[0], losses[1:], rtol=1e-4)


def test_the_same_seed_trains_the_same_model_and_it_learns(digit_data: Dataset) -> None:
    first, second = FlowMatching(steps=20), FlowMatching(steps=20)
    ticks = [model.fit(digit_data, Training(7)).ticks for model in (first, second)]
    assert ticks[0] == ticks[1]
    assert ticks[0][-1].losses["held_out"] < 0.98 * ticks[0][0].losses["held_out"]
    np.testing.assert_array_equal(np.stack(first.sample(SEEDS)), np.stack(second.sample(SEEDS)))


@pytest.mark.parametrize(("height", "width"), [(7, 9), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (20, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")
    model = FlowMatching(breadth=8, steps=2, batch=8, solver_steps=2)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS)).shape == (12, height, width, 3)
    assert np.isfinite(model.log_prob(items[:3]).nats).all()


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ModelError, match="multiple of 8"):
        FlowMatching(breadth=12)
    with pytest.raises(ModelError, match="needs 2 draws"):
        FlowMatching(draws=1)
