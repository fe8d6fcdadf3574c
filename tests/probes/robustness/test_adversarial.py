"""An attack is believed only where its controls hold; what it then reports has a known truth."""

import numpy as np
import pytest
import torch

from genbench.core.data import Dataset
from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Arrays
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.diffusion import Diffusion
from genbench.models.vae import Vae
from genbench.probes.robustness._attack import Attack, beaten
from genbench.probes.robustness.adversarial import adversarial

WEIGHTS = np.random.default_rng(7).normal(size=12)


class Linear:
    """L = w . x + 20: no chosen change does better than budget times the sum of |w|."""

    def loss_and_grad(self, x):
        return x @ WEIGHTS + 20.0, np.broadcast_to(WEIGHTS, x.shape).copy()


class Squared:
    """L = (w . x - 1)^2: at best (|w . x - 1| + budget |w|_1)^2, and coordinates act together."""

    def loss_and_grad(self, x):
        r = x @ WEIGHTS - 1.0
        return r**2, 2 * r[:, None] * WEIGHTS


class Broken(Squared):
    """A sound loss whose gradient is passed through `change`."""

    def __init__(self, change):
        self.change = change

    def loss_and_grad(self, x):
        loss, gradient = super().loss_and_grad(x)
        return loss, self.change(gradient)


class Constant:
    """A model whose output is always c; `distance` is f(x - c) and its derivative, coordinate by coordinate."""

    def __init__(self, distance):
        self.distance = distance

    def loss_and_grad(self, x):
        value, slope = self.distance(x - np.linspace(0.2, 0.8, x.shape[1]))
        return value.sum(axis=1), slope


def inner_points(n, seed=0):
    """Points so far inside the range that a budget of 0.05 never meets its edge."""
    x = np.random.default_rng(seed).uniform(0.2, 0.8, size=(n, 12))
    return Arrays(x, 0.0, 1.0, tuple(f"point/{i}" for i in range(n)))


@pytest.fixture(scope="module")
def digit_data() -> Dataset:
    return digits()


@pytest.fixture(scope="module")
def images(digit_data):
    return Pixels().arrays(digit_data.take("held_out", 96))


@pytest.fixture(scope="module")
def vae(digit_data) -> Vae:
    torch.set_num_threads(1)
    model = Vae(steps=400)
    model.fit(digit_data, Training(0))
    return model


def test_truth_a_linear_loss_grows_by_budget_times_the_gradients_l1_norm():
    found = adversarial(Linear(), inner_points(40), rng=np.random.default_rng(0), budget=0.05)
    facts = found["excess"].detail.facts
    assert facts["loss under attack"] - facts["loss clean"] == pytest.approx(0.05 * np.abs(WEIGHTS).sum(), rel=1e-9)
    assert found["excess"].floor == found["broken"].floor == 0.0


def test_a_squared_loss_is_raised_as_far_as_it_can_be_on_every_item():
    x = inner_points(40).x
    attack = Attack(Squared(), 0.0, 1.0, 10)
    start = np.abs(x @ WEIGHTS - 1.0)
    far = start > 0.1 * np.abs(WEIGHTS).sum()  # elsewhere the random start may lie across the loss's zero
    best = (start + 0.05 * np.abs(WEIGHTS).sum()) ** 2
    point, loss = attack.run(x, 0.05, np.random.default_rng(1))
    assert far.sum() > 10
    np.testing.assert_allclose(loss[far], best[far])
    assert np.abs(point - x).max() <= 0.05 + 1e-12


def test_a_zero_budget_changes_nothing_and_the_worst_point_met_is_kept():
    attack, x = Attack(Squared(), 0.0, 1.0, 10), inner_points(20).x
    same, loss = attack.run(x, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(same, x)
    np.testing.assert_array_equal(loss, attack.loss(x))
    point, loss = attack.run(x, 0.05, np.random.default_rng(0))
    np.testing.assert_allclose(attack.loss(point), loss)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (np.zeros_like, "dead gradient"),
        (lambda g: -g, "disagrees with finite differences"),
        (lambda g: 3 * g, "disagrees with finite differences"),
        (lambda g: np.where(np.arange(12) < 6, g, 0), "disagrees with finite differences"),
        (np.sign, "disagrees with finite differences"),
        (lambda g: np.full_like(g, np.nan), "not finite"),
    ],
)
def test_a_dead_or_wrong_gradient_fails(change, why):
    with pytest.raises(ControlFailed, match=why):
        adversarial(Broken(change), inner_points(40), rng=np.random.default_rng(0))


def test_a_random_loss_and_items_out_of_range_fail():
    chance = np.random.default_rng(3)

    class Dropout(Squared):
        def loss_and_grad(self, x):
            loss, gradient = super().loss_and_grad(x)
            return loss * chance.uniform(0.5, 1.5, len(x)), gradient

    with pytest.raises(ControlFailed, match="it is random"):
        adversarial(Dropout(), inner_points(40), rng=np.random.default_rng(0))
    with pytest.raises(ControlFailed, match=r"outside 0\.0\.\.0\.5"):
        adversarial(Squared(), Arrays(inner_points(40).x, 0.0, 0.5), rng=np.random.default_rng(0))


def test_an_attack_that_noise_equals_or_that_gains_nothing_from_more_budget_fails():
    noise = np.linspace(1.0, 2.0, 50)
    beaten(noise, noise + 0.1, noise + 0.2)
    with pytest.raises(ControlFailed, match="no more than random noise"):
        beaten(noise, noise, noise + 1)
    few = noise + np.where(np.arange(50) < 5, 9.0, -0.1)  # the mean is higher, most items are not
    with pytest.raises(ControlFailed, match="no more than random noise"):
        beaten(noise, few, few + 1)
    with pytest.raises(ControlFailed, match="unbounded attack gets further than the bounded one on 80%"):
        beaten(noise, noise + 1, noise + np.where(np.arange(50) < 40, 9.0, 0.5))


def test_a_loss_that_is_flat_beyond_the_ball_fails_as_more_budget_buys_nothing():
    class Periodic:
        """Its highest value lies within reach of a small budget, from everywhere."""

        def loss_and_grad(self, x):
            angle = 40 * (x @ WEIGHTS)
            return 2 + np.sin(angle), 40 * np.cos(angle)[:, None] * WEIGHTS

    with pytest.raises(ControlFailed, match=r"finite differences|unbounded"):
        adversarial(Periodic(), inner_points(200), rng=np.random.default_rng(0), steps=40, limit=200)


@pytest.mark.parametrize(
    "distance",
    [
        lambda d: (d**2, 2 * d),
        lambda d: (d**2 + 5.0, 2 * d),
        lambda d: (np.log(np.cosh(5 * d)), 5 * np.tanh(5 * d)),
        lambda d: (np.sqrt(d**2 + 1e-4), d / np.sqrt(d**2 + 1e-4)),
    ],
)
def test_a_constant_output_is_collapsed_whatever_the_distance(distance):
    with pytest.raises(ControlFailed, match="collapsed"):
        adversarial(Constant(distance), inner_points(40), rng=np.random.default_rng(0))


def test_a_collapsed_vae_fails_though_it_would_look_more_robust_than_an_honest_one(vae, images):
    collapsed = Vae(steps=400)
    collapsed.restore(*vae.state())
    with torch.no_grad():
        collapsed.net.lift[0].weight.zero_()  # the decoder no longer sees z: every image becomes the same one
    assert np.ptp(np.stack(collapsed.sample([1, 2, 3])), axis=0).max() == 0
    with pytest.raises(ControlFailed, match="collapsed"):
        adversarial(collapsed, images, rng=np.random.default_rng(0))
    honest = adversarial(vae, images, rng=np.random.default_rng(0))["excess"]

    def unguarded(model):
        attack, rng = Attack(model, 0.0, 1.0, 10), np.random.default_rng(0)
        x = images.x.astype(np.float64)
        return np.log(attack.run(x, 0.05, rng)[1] / attack.loss(attack.noisy(x, 0.05, rng))).mean()

    assert unguarded(collapsed) < honest.interval.low


def test_a_decoder_that_hardly_sees_its_latents_is_collapsed_too(vae, images):
    faint = Vae(steps=400)
    faint.restore(*vae.state())
    with torch.no_grad():
        faint.net.lift[0].weight.mul_(0.03)
    with pytest.raises(ControlFailed, match="collapsed"):
        adversarial(faint, images, rng=np.random.default_rng(0))


def test_an_honest_vae_and_diffusion_pass_all_controls(vae, images, digit_data):
    diffusion = Diffusion(steps=60)
    diffusion.fit(digit_data, Training(0))
    for model in (vae, diffusion):
        found = adversarial(model, images, rng=np.random.default_rng(0))
        excess, facts = found["excess"], found["excess"].detail.facts
        assert facts["loss under noise"] < facts["loss under attack"] < facts["loss unbounded"]
        assert 0.05 < excess.interval.low < excess.value < excess.interval.high < 1.0
        assert len(excess.detail.values) == excess.n == 96
        assert excess.detail.keys == images.keys
        assert 0.0 <= found["broken"].value <= found["broken"].interval.high < 1.0


def test_a_larger_budget_does_more_harm(vae, images):
    small, large = (
        adversarial(vae, images, rng=np.random.default_rng(0), budget=b)["excess"].value for b in (0.02, 0.1)
    )
    assert large > 2 * small > 0


def test_the_interval_covers_the_mean_over_many_items():
    truth = adversarial(Squared(), inner_points(20_000, 99), rng=np.random.default_rng(0), limit=20_000)
    inside = dict.fromkeys(truth, 0)
    for seed in range(100):
        found = adversarial(Squared(), inner_points(60, seed), rng=np.random.default_rng(seed))
        for name, estimate in found.items():
            inside[name] += estimate.interval.low <= truth[name].value <= estimate.interval.high
    assert min(inside.values()) >= 88


def test_a_share_of_zero_or_one_keeps_an_open_interval():
    found = adversarial(Linear(), inner_points(40), rng=np.random.default_rng(0), budget=0.001)["broken"]
    assert found.value == 0.0
    assert found.interval.high > 0.05


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match="at least 10 items"):
        adversarial(Squared(), inner_points(9), rng=np.random.default_rng(0))
    with pytest.raises(ProbeError, match="budget is a share"):
        adversarial(Squared(), inner_points(40), rng=np.random.default_rng(0), budget=0.0)

    class Negative(Squared):
        def loss_and_grad(self, x):
            loss, gradient = super().loss_and_grad(x)
            return loss - 50.0, gradient

    with pytest.raises(NotApplicable, match="below 0"):
        adversarial(Negative(), inner_points(40), rng=np.random.default_rng(0))
