"""Shadow GANs: each item is inside half of them, whose discriminators hold it more real; what is learned is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from genbench.core.chance import stream
from genbench.core.data import Dataset
from genbench.core.errors import ModelError
from genbench.core.evidence import LOGIT, Features
from genbench.core.model import Density, Discriminates, Shadowed, Training
from genbench.models.gan import Gan
from genbench.models.shadow_discriminators import ShadowDiscriminators
from genbench.models.shadows import Shadows
from genbench.probes.memorization.shadow_membership import shadow_membership
from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite
from genbench.stats.roc import auc

GAN: dict[str, Any] = {"steps": 800, "batch": 30, "breadth": 16, "latent": 8}


@pytest.fixture(scope="module")
def few(digit_data: Dataset) -> Dataset:
    """Digits in chance order: 60 to learn from, 60 beside them, and no reserve, which a GAN would not stop on."""
    order = stream(0, "few").permutation(len(digit_data.items))
    return replace(digit_data, splits={"train": order[:60], "held_out": order[60:120]})


@pytest.fixture(scope="module")
def shadowed(few: Dataset) -> ShadowDiscriminators:
    torch.set_num_threads(1)
    model = ShadowDiscriminators(family="gan", settings=GAN, models=4)
    model.fit(few, Training(0))
    return model


def test_it_is_no_density(shadowed: ShadowDiscriminators) -> None:
    assert isinstance(shadowed, Shadowed)
    assert isinstance(shadowed, Discriminates)
    assert not isinstance(shadowed, Density)
    with pytest.raises(ModelError, match="it is no Discriminates"):
        ShadowDiscriminators(family="vae")
    with pytest.raises(ModelError, match="it is no Density"):
        Shadows(family="gan")


def test_each_item_is_inside_half_of_the_shadows_which_hold_it_more_real(
    shadowed: ShadowDiscriminators, few: Dataset
) -> None:
    for split in ("train", "held_out"):
        side = shadowed.shadow_log_probs(few.take(split))
        assert side.inside.sum(axis=0).tolist() == [2] * 60
        assert side.definition == LOGIT
        assert auc(side.shadows[side.inside], side.shadows[~side.inside]) > 0.6


def test_the_model_is_the_one_that_the_family_alone_gives_and_is_kept_whole(
    shadowed: ShadowDiscriminators, few: Dataset
) -> None:
    items = few.take("held_out", 9)
    own = shadowed.shadow_log_probs(items)
    assert own.nats.tolist() == shadowed.discriminate(items).scores.tolist()
    alone = Gan(**GAN)
    alone.fit(few, Training(0))
    np.testing.assert_allclose(alone.discriminate(items).scores, own.nats, rtol=1e-5, atol=1e-6)
    again = ShadowDiscriminators(family="gan", settings=GAN, models=4)
    again.restore(*shadowed.state())
    np.testing.assert_array_equal(again.shadow_log_probs(items).shadows, own.shadows)
    stranger = np.zeros((8, 8, 1), np.uint8)
    assert not again.shadow_log_probs([stranger]).inside.any()


def test_control_shadows_of_the_discriminator_name_who_was_learned_by_heart(
    shadowed: ShadowDiscriminators, few: Dataset
) -> None:
    sides = [shadowed.shadow_log_probs(few.take(split)) for split in ("train", "held_out")]
    nothing = Features(np.ones((60, 1)))
    found = shadow_membership(sides[0], sides[1], nothing, nothing, rng=stream(0, "lira"))
    assert min(found[f"{name}_auc"].interval.low for name in ("lira", "rmia", "reference")) > 0.6
    assert found["lira_auc"].detail.facts["score"] == LOGIT


def test_null_items_that_nobody_learned_are_not_told(shadowed: ShadowDiscriminators, few: Dataset) -> None:
    """The model in the place of one that learned neither side: a GAN of other digits, beside the same shadows."""
    unseen = Gan(**GAN)
    rest = np.setdiff1d(np.arange(len(few.items)), np.concatenate([few.indices("train"), few.indices("held_out")]))
    unseen.fit(replace(few, splits={"train": rest[:60], "held_out": rest[60:70]}), Training(0))
    sides = [
        replace(shadowed.shadow_log_probs(items), nats=unseen.discriminate(items).scores)
        for items in (few.take("train"), few.take("held_out"))
    ]
    nothing = Features(np.ones((60, 1)))
    found = shadow_membership(sides[0], sides[1], nothing, nothing, rng=stream(0, "lira"))
    for name in ("lira", "rmia", "reference"):
        assert found[f"{name}_auc"].interval.low < 0.5 < found[f"{name}_auc"].interval.high


def test_a_run_trains_shadows_of_a_gan(tmp_path: Any) -> None:
    suite = {
        "name": "small", "meters": {"meter": "none"}, "n": 20, "held_out_n": 40, "lenses": {"image": "image.pixels"},
        "data": {"digits": "digits"}, "probes": ["memorization.shadow_membership", "quality.perplexity"],
        "models": [{
            "name": "shadowed", "family": "shadow_discriminators", "data": "digits",
            "settings": {"family": "wgan_gp", "models": 4, "settings": {"steps": 2, "breadth": 8, "latent": 4}},
        }],
    }  # fmt: skip
    run = Run.load(run_suite(Suite.from_mapping(suite), Options(home=tmp_path, device="cpu")))
    assert not run.failed
    assert "memorization.shadow_membership.lira_auc" in {score.id for score in run.measured}
    assert not [score for score in run.measured if score.id.startswith("quality.perplexity")]
    (because,) = {cell.because for cell in run.skipped if cell.metric in ("rmia_auc", "rmia_tpr")}
    assert because.startswith("RMIA divides probabilities, and an item's score is the value of the critic")
