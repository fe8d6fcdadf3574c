"""Evading a detector: a share that is known, the gradient of what is attacked, controls that fail, and real digits."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import sample_seeds, stream
from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Arrays
from genbench.core.model import Training
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.gaussian import Gaussian
from genbench.probes.robustness.evasion import evasion
from genbench.selftest.plant import Trial
from genbench.selftest.plants.near_the_real import BUDGET, METRIC, STEPS, near_the_real
from genbench.selftest.trials import ask, probe_by_id
from genbench.stats.convolutions import Convolutions
from genbench.stats.evading import Evading


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_who_lies_within_the_budget_evades_and_nobody_else(share: float):
    for seed in range(2):
        found = ask(probe_by_id("robustness.evasion"), near_the_real(share, Trial(300, stream(seed), seed)), seed=seed)
        evaded = found[METRIC.rpartition(".")[2]]
        assert isinstance(evaded, Estimate)
        assert evaded.interval.low <= share <= evaded.interval.high
        assert evaded.n == 150
        assert evaded.floor < 0.15
        assert evaded.detail.facts["evade without bound"] == 1.0


@pytest.fixture(scope="module")
def network() -> Convolutions:
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(120, 2 * 5 * 6))
    x[60:] = np.clip(x[60:] + 0.2 * (np.arange(60) % 2), 0, 1)
    return Convolutions((2, 5, 6), steps=30, seed=0).fit(x, np.repeat([0, 1], 60))


def test_the_loss_is_minus_the_networks_own_logit_and_the_slope_is_its_slope(network: Convolutions):
    rng = np.random.default_rng(1)
    x, model = rng.uniform(size=(70, 2, 5, 6)), Evading(network)
    loss, slope = model.loss_and_grad(x)
    made = network.predict_proba(x.reshape(70, -1))[:, 1]
    np.testing.assert_allclose(1 / (1 + np.exp(loss)), made, atol=1e-5)
    step = 1e-3 * rng.normal(size=x.shape)
    measured = (model.loss_and_grad(x + step)[0] - model.loss_and_grad(x - step)[0]) / 2
    told = (slope * step).reshape(70, -1).sum(axis=1)
    assert np.square(measured - told).sum() < 0.02 * np.square(told).sum()  # kinks of the network, and float32


def seen(items) -> Arrays:
    return Pixels().arrays(items)


def test_what_the_network_clips_stops_no_attack(network: Convolutions):
    far = np.full((3, 2, 5, 6), 50.0)
    slope = Evading(network).loss_and_grad(far)[1]
    assert (slope != 0).mean() > 0.9


def test_the_detector_of_noise_is_evaded_by_a_chosen_change_and_not_by_a_random_one():
    data, noise = digits(), Gaussian()
    noise.fit(data, Training(0))
    made, real = seen(noise.sample(sample_seeds(0, 240))), seen(data.take("held_out", 240))
    few, many = (evasion(made, real, rng=stream(0), learning=60, budget=b)["evaded"] for b in (0.03, 0.25))
    assert isinstance(few, Estimate)
    assert isinstance(many, Estimate)
    assert few.interval.high < 0.3
    assert many.interval.low > 0.6
    assert many.floor < 0.3
    assert many.detail.facts["evade without bound"] == 1.0


def test_a_longer_attack_gets_more_past_so_that_none_past_a_short_one_is_no_safety():
    (made,), (real,) = (near_the_real(0.8, Trial(300, stream(0), 0)).evidence[r] for r in ("generated", "held_out"))
    short, long = (
        evasion(made, real, rng=stream(0), steps=n, learning=STEPS, budget=0.97 * BUDGET)["evaded"] for n in (1, 10)
    )
    assert isinstance(short, Estimate)
    assert isinstance(long, Estimate)
    assert short.interval.high < long.interval.low
    assert "0: this attack got none past it, and a longer one may" in evasion.__genbench__.reports["evaded"].reading


def test_where_nothing_is_recognized_nothing_has_to_evade():
    data = digits()
    one, other = seen(data.take("held_out", 160)), seen(data.take("reserve", 160))
    with pytest.raises(NotApplicable, match="nothing has to evade"):
        evasion(one, other, rng=stream(0), learning=20)
    with pytest.raises(NotApplicable, match="needs 40 distinct items"):
        evasion(seen(data.take("train", 30)), other, rng=stream(0))
    with pytest.raises(NotApplicable, match="rule of three"):
        evasion(one, seen(data.take("reserve", 100)), rng=stream(0), learning=5)
    with pytest.raises(ProbeError, match="budget is a share"):
        evasion(one, other, rng=stream(0), budget=0.0)


def test_a_detector_whose_gradient_leads_nowhere_is_no_strong_one(monkeypatch: pytest.MonkeyPatch):
    """Masked gradients look like robustness; the controls of the attack say so instead."""
    scene = near_the_real(0.8, Trial(300, stream(0), 0))
    (made,), (real,) = scene.evidence["generated"], scene.evidence["held_out"]
    whole = Evading.loss_and_grad

    def masked(self: Evading, x: np.ndarray):
        loss, slope = whole(self, x)
        return loss, 0 * slope

    monkeypatch.setattr(Evading, "loss_and_grad", masked)
    with pytest.raises(ControlFailed, match="dead gradient"):
        evasion(made, real, rng=stream(0), learning=40, budget=0.15)
