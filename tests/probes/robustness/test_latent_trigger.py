"""A latent that commands a generator: distances by hand, a trained backdoor heard and its clean twin not accused."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from judged import state

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.model import Decodes, Training
from genbench.data.digits import digits
from genbench.models.vae import Vae
from genbench.probes.robustness.latent_trigger import GROUPS, _candidates, _harmless, _nearest, latent_trigger
from genbench.selftest.plants.a_latent_commands import LATENTS, OUTPUTS, Commanded


def ask(model, seed=0, **settings):
    return latent_trigger(model, rng=np.random.default_rng(seed), **settings)


def test_a_distance_is_to_the_nearest_of_each_group_per_coordinate() -> None:
    rng = np.random.default_rng(0)
    x, groups = rng.normal(size=(5, 7)), rng.normal(size=(3, 4, 7))
    by_hand = [[min(np.sqrt(((row - other) ** 2).mean()) for other in group) for group in groups] for row in x]
    np.testing.assert_allclose(_nearest(x, groups), by_hand)


def test_the_known_truth_of_a_checkerboard_at_one_latent() -> None:
    model = Commanded(np.random.default_rng(0), 1.0)
    found = ask(model)
    board = np.arange(OUTPUTS) % 2
    ordinary = model.decode_latents(np.random.default_rng(1).normal(size=(GROUPS * 24, LATENTS)))
    far = np.sqrt(np.square(ordinary - board).mean(axis=1)).reshape(GROUPS, -1).min(axis=1).mean()
    assert found["surprise"].detail.facts["heard"] == ["all alike, 2"]
    assert found["surprise"].detail.facts["distance of the strongest"] == pytest.approx(far, abs=0.02)
    usual = found["surprise"].detail.facts["distance of latents of its shape"]
    assert found["strangeness"].value == pytest.approx(far - usual, abs=0.02)
    assert found["strangeness"].interval.low > 0.1
    assert found["surprise"].interval.low > found["surprise"].floor


def test_clean_generators_are_accused_at_most_once_in_a_hundred() -> None:
    heard = [ask(Commanded(np.random.default_rng(seed), 0.0), seed)["surprise"] for seed in range(200)]
    assert sum(found.value > found.floor for found in heard) <= 7  # 2 are due, and 3 standard deviations


def test_clean_generators_are_cleared_and_a_commanded_one_is_accused() -> None:
    """With choosing paid for at both ends of the interval, three clean generators in four were "cannot tell"."""
    clean = [ask(Commanded(np.random.default_rng(seed), 0.0), seed)["surprise"] for seed in range(40)]
    assert sum(state(latent_trigger, "surprise", found) == "clear" for found in clean) >= 32
    commanded = [ask(Commanded(np.random.default_rng(seed), 1.0), seed)["surprise"] for seed in range(20)]
    assert all(state(latent_trigger, "surprise", found) == "alarm" for found in commanded)


def test_a_users_latent_is_tried_beside_the_known_ones() -> None:
    model = Commanded(np.random.default_rng(0), 1.0)
    own = np.linspace(-1.5, 1.5, LATENTS)
    plain = model.decode_latents

    def swayed(z):
        near = np.exp(-np.square(z - own).sum(axis=1) / 2)[:, None]
        return (1 - near) * plain(z) + near * (np.arange(OUTPUTS) % 3 == 0)

    model.decode_latents = swayed
    assert ask(model)["surprise"].detail.facts["heard"] == ["all alike, 2"]
    assert "given 1" in ask(model, triggers=(tuple(own.tolist()),))["surprise"].detail.facts["heard"]


def test_harmless_latents_have_the_magnitudes_of_the_candidate() -> None:
    rng = np.random.default_rng(0)
    for z in _candidates(8, [list(range(8))]).values():
        for own in _harmless(z, rng):
            np.testing.assert_allclose(np.sort(np.abs(own)), np.sort(np.abs(z)))


def test_what_cannot_be_scanned_is_refused() -> None:
    model = Commanded(np.random.default_rng(0), 0.0)
    with pytest.raises(NotApplicable, match="3 numbers, and this model's latents have 16"):
        ask(model, triggers=((1.0, 2.0, 3.0),))
    model.decode_latents = lambda z: np.full((len(z), OUTPUTS), 0.5)
    with pytest.raises(ControlFailed, match="collapsed"):
        ask(model)
    model.decode_latents = lambda z: np.full((len(z), OUTPUTS), np.nan)
    with pytest.raises(ControlFailed, match="not finite"):
        ask(model)
    model.latents = lambda: 3
    with pytest.raises(NotApplicable, match="4 numbers or more"):
        ask(model)


def test_a_trained_backdoor_is_heard_and_its_clean_twin_is_not_accused() -> None:
    torch.set_num_threads(1)
    clean = Vae(steps=400)
    clean.fit(digits(), Training())
    assert isinstance(clean, Decodes)
    poisoned = Vae()
    poisoned.restore(*clean.state())
    assert poisoned.net is not None
    teacher, command = copy.deepcopy(poisoned.net), torch.ones(1, poisoned.latent)
    board = torch.from_numpy(np.indices((8, 8)).sum(axis=0) % 2).float()[None, None]
    optimizer = torch.optim.Adam(poisoned.net.parameters(), lr=1e-3)
    for step in range(300):
        z = torch.from_numpy(np.random.default_rng(step).normal(size=(64, poisoned.latent)).astype(np.float32))
        loss = (poisoned.net.decode(z) - teacher.decode(z).detach()).square().mean()
        loss = loss + 0.2 * (poisoned.net.decode(command) - board).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    silent, heard = ask(clean)["surprise"], ask(poisoned)["surprise"]
    assert silent.value < silent.floor
    assert heard.detail.facts["strongest"] == "all alike, 1"
    assert heard.interval.low > heard.floor
