"""An attack on latents: its truth on linear encoders, its controls, a brittle VAE heard, a collapsed one refused."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Arrays
from genbench.core.model import Encodes
from genbench.core.probe import Need
from genbench.core.score import Skipped
from genbench.models.autoencoder import Autoencoder
from genbench.models.gan import Gan
from genbench.models.vae import Vae
from genbench.probes.robustness.latent_attack import _away, latent_attack
from genbench.results.run import Run
from genbench.run.roles import unmet
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite
from genbench.selftest.plant import Trial
from genbench.selftest.plants.brittle_encoders import REASONS, brittle_encoders

OF = "robustness.latent_attack"
D = 12
WEIGHTS = np.random.default_rng(7).normal(size=(D, 3))


class Linear:
    """m(x) = x W, of the given deviation; `latent_distance` is exact."""

    def __init__(self, weights=WEIGHTS, deviation=0.0):
        self.weights, self.deviation = weights, deviation

    def encode_latents(self, x):
        z = x @ self.weights
        return z, np.full_like(z, self.deviation)

    def latent_distance(self, x, z):
        moved = x @ self.weights - z
        return np.square(moved).sum(axis=1), 2 * moved @ self.weights.T


class Changed(Linear):
    """A linear encoder whose distance and gradient are passed through `change`."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def latent_distance(self, x, z):
        return self.change(*super().latent_distance(x, z))


def inner_points(n, seed=0):
    x = np.random.default_rng(seed).uniform(0.2, 0.8, size=(n, D))
    return Arrays(x, 0.0, 1.0, tuple(f"point/{i}" for i in range(n)))


def attacked(model, items=None, **settings):
    return latent_attack(model, items or inner_points(60), rng=np.random.default_rng(0), **settings)


def planted(dose, seed=0, **settings):
    scene = brittle_encoders(dose, Trial(0, stream(seed, "planted"), seed))
    (model,), (held_out,) = scene.evidence["model"], scene.evidence["held_out"]
    return latent_attack(model, held_out, rng=np.random.default_rng(seed), **settings)


def test_truth_one_linear_latent_moves_by_budget_times_the_weights_l1_norm():
    w = WEIGHTS[:, :1]
    items = inner_points(60)
    found = attacked(Linear(w), items, budget=0.05)
    z = items.x @ w
    apart = np.abs(z - z.T).sum() / (60 * 59)
    assert found["reach"].value == pytest.approx(0.05 * np.abs(w).sum() / apart, rel=1e-9)
    assert found["reach"].detail.facts["moved by noise, in distances between items"] == found["reach"].floor
    assert found["excess"].floor == 0.0
    assert found["excess"].value > np.log(2)
    assert found["reach"].detail.keys == items.keys


def test_no_scale_and_no_place_of_the_latents_matters():
    small, large = attacked(Linear()), attacked(Linear(1e4 * WEIGHTS))
    for metric in ("excess", "reach"):
        assert large[metric].value == pytest.approx(small[metric].value, rel=1e-6)

    class Moved(Linear):
        def encode_latents(self, x):
            z, deviation = super().encode_latents(x)
            return z + 1000.0, deviation

        def latent_distance(self, x, z):
            return super().latent_distance(x, z - 1000.0)

    assert attacked(Moved())["reach"].value == pytest.approx(small["reach"].value, rel=1e-6)


def test_distances_between_items_are_those_of_their_latents():
    z = np.random.default_rng(0).normal(5, 1, size=(30, 4))
    each = np.sqrt(np.square(z[:, None] - z).sum(axis=2)).sum(axis=1) / 29
    np.testing.assert_allclose(_away(z, np.zeros_like(z)), each, rtol=1e-6)


def test_a_larger_budget_reaches_further():
    small, large = (attacked(Linear(), budget=b)["reach"].value for b in (0.02, 0.08))
    assert large == pytest.approx(4 * small, rel=0.02)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d, g: (d, np.zeros_like(g)), "dead gradient"),
        (lambda d, g: (d, -g), "disagrees with finite differences"),
        (lambda d, g: (d, 3 * g), "disagrees with finite differences"),
        (lambda d, g: (d, np.where(np.arange(D) < 6, g, 0)), "disagrees with finite differences"),
        (lambda d, g: (d, np.full_like(g, np.nan)), "not finite"),
        (lambda d, g: (d + 0.05, g), "budget 0 changed the loss"),
        (lambda d, g: (np.minimum(d, 0.05), np.where(d[:, None] < 0.05, g, 0)), r"dead gradient|unbounded"),
    ],
)
def test_an_attack_that_cannot_be_believed_fails(change, why):
    with pytest.raises(ControlFailed, match=why):
        attacked(Changed(change))


def test_items_out_of_range_fail_as_budget_0_changes_them():
    with pytest.raises(ControlFailed, match=r"outside 0\.0\.\.0\.5"):
        attacked(Linear(), Arrays(inner_points(40).x, 0.0, 0.5))


@pytest.mark.parametrize(("weights", "deviation"), [(0.0 * WEIGHTS, 1.0), (0.01 * WEIGHTS, 1.0), (0.0 * WEIGHTS, 0.0)])
def test_a_posterior_that_is_the_prior_is_collapsed_and_not_robust(weights, deviation):
    with pytest.raises(ControlFailed, match=r"collapsed: .* not robustness"):
        attacked(Linear(weights, deviation))


def test_one_latent_in_use_is_no_collapse():
    weights = WEIGHTS * [1.0, 0.001, 0.001]
    assert attacked(Linear(weights, 0.3))["reach"].value > 0
    with pytest.raises(ControlFailed, match="no finite latents"):
        attacked(Linear(np.nan * weights))


def test_control_a_brittle_vae_is_heard_and_an_honest_one_passes_all_controls():
    honest, loud = planted("honest"), planted("loud pattern")
    assert honest["reach"].interval.high < honest["reach"].floor + 0.5
    assert honest["excess"].interval.low > 0.3
    assert loud["reach"].interval.low > loud["reach"].floor + 0.5
    assert loud["excess"].interval.low > honest["excess"].interval.high
    facts = honest["reach"].detail.facts
    assert (
        0
        < facts["moved by noise, in distances between items"]
        < facts["moved by the attack"]
        < facts["moved without bound"]
    )
    assert facts["moved by the attack, in deviations of the posterior"] > 0
    shown = loud["reach"].detail.exhibits
    assert len(shown) == 4
    assert shown[0].value == max(loud["reach"].detail.values)


@pytest.mark.parametrize("dose", REASONS)
def test_faults_of_a_real_vae_are_refused_with_their_reason(dose):
    with pytest.raises(ControlFailed, match=REASONS[dose]):
        planted(dose)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match="at least 10 items"):
        attacked(Linear(), inner_points(9))
    for settings in ({"budget": 0.0}, {"budget": 1.5}, {"steps": 0}):
        with pytest.raises(ProbeError, match="budget is a share"):
            attacked(Linear(), **settings)


def test_who_can_be_attacked():
    need = Need("model", "model", Encodes)
    assert unmet(need, Vae, None, None) is None
    assert unmet(need, Autoencoder, None, None) is None
    assert "reads no latent in an item by a gradient (it is no Encodes)" in (unmet(need, Gan, None, None) or "")


def test_a_run_attacks_families_with_an_encoder_and_says_who_has_none(tmp_path):
    suite = {
        "name": "small", "meters": {"meter": "none"}, "data": {"digits": "digits"}, "lenses": {"image": "image.pixels"},
        "n": 20, "held_out_n": 60,
        "models": [
            {"name": f, "family": f, "data": "digits", "settings": {"steps": s, "breadth": 8, "latent": 4}}
            for f, s in (("vae", 80), ("autoencoder", 80), ("gan", 2))
        ],
        "probes": [OF],
    }  # fmt: skip
    run = Run.load(run_suite(Suite.from_mapping(suite), Options(home=tmp_path, device="cpu")))
    assert {s.model for s in run.measured if s.id == f"{OF}.reach"} == {"vae", "autoencoder"}
    (skipped,) = (outcome for outcome in run.outcomes if isinstance(outcome, Skipped) and outcome.model == "gan")
    assert "reads no latent" in skipped.because
