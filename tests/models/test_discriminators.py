"""A GAN keeps the discriminator it learned against: its verdict on an item is the item's alone, and is kept with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genbench.core.data import Dataset
from genbench.core.errors import ModelError
from genbench.core.evidence import Verdicts
from genbench.core.model import Discriminates, Training
from genbench.core.probe import Need
from genbench.models.gan import Gan
from genbench.models.stylegan2 import Stylegan2
from genbench.models.stylegan2_checkpoint import Stylegan2Checkpoint
from genbench.models.vae import Vae
from genbench.models.wgan_gp import WganGp
from genbench.run.roles import unmet
from genbench.stats.roc import auc

SMALL: dict[type[Any], dict[str, Any]] = {
    Gan: {"breadth": 8, "latent": 4, "steps": 4, "batch": 8},
    WganGp: {"breadth": 8, "latent": 4, "steps": 2, "batch": 8},
    Stylegan2: {"breadth": 4, "latent": 8, "steps": 3, "depth": 2},
}


@pytest.fixture(scope="module")
def coloured() -> Dataset:
    """Noise of an odd size, in colour."""
    items = list(np.random.default_rng(0).integers(0, 256, (60, 13, 18, 3), dtype=np.uint8))
    splits = {"train": np.arange(40), "held_out": np.arange(40, 60)}
    return Dataset("coloured", "image", items, splits, tuple(map(str, range(60))), "", "CC0", "drawn here")


@pytest.mark.parametrize("family", SMALL)
def test_a_verdict_is_the_items_alone_and_comes_back_with_the_weights(family: type[Any], coloured: Dataset) -> None:
    model = family(**SMALL[family])
    assert isinstance(model, Discriminates)
    with pytest.raises(AssertionError, match="fit or restore"):
        model.discriminate(coloured.take("train", 2))
    model.fit(coloured, Training(0))
    items = coloured.take("held_out", 11)
    whole = model.discriminate(items)
    assert len(whole) == 11
    assert np.ptp(whole.scores) > 0
    assert whole.definition
    apart = [model.discriminate(part).scores for part in (items[:1], items[1:7], items[7:])]
    np.testing.assert_allclose(np.concatenate(apart), whole.scores, rtol=1e-4, atol=1e-5)
    again = family(**SMALL[family])
    again.restore(*model.state())
    np.testing.assert_array_equal(again.discriminate(items).scores, whole.scores)
    with pytest.raises(ModelError, match="was fitted on"):
        model.discriminate([np.zeros((4, 4, 3), np.uint8)])


def test_it_is_the_discriminator_of_the_game_that_was_played(digit_data: Dataset) -> None:
    """Real digits are held more real than what its own generator makes, and than noise."""
    torch.set_num_threads(1)
    model = Gan(steps=200)
    model.fit(digit_data, Training(0))
    noise = list(np.random.default_rng(1).integers(0, 256, (200, 8, 8, 1), dtype=np.uint8))
    real, made, grey = (
        model.discriminate(items).scores
        for items in (digit_data.take("held_out", 200), model.sample(range(200)), noise)
    )
    assert auc(real, made) > 0.75
    assert auc(real, grey) > 0.75


def test_who_keeps_a_discriminator() -> None:
    need = Need("train", "train", Verdicts)
    assert unmet(need, Gan, None, None) is None
    for other in (Vae, Stylegan2Checkpoint):
        assert "keeps no discriminator of its own (it is no Discriminates)" in (unmet(need, other, None, None) or "")
