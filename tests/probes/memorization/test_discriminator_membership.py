"""Membership through the discriminator: one that knows its items is heard, one that does not is not; refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features, Verdicts
from genbench.core.score import Absent, Estimate, Skipped
from genbench.probes.memorization._tail import chance_tpr
from genbench.probes.memorization.discriminator_membership import discriminator_membership
from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite
from genbench.selftest.plant import Trial
from genbench.selftest.plants.critics_that_know import critics_that_know

OF = "memorization.discriminator_membership"


def judged(members, others, *, seen=None, unseen=None, seed=0):
    rng = stream(seed, "seen")
    seen = rng.normal(size=(len(members), 4)) if seen is None else seen
    unseen = rng.normal(size=(len(others), 4)) if unseen is None else unseen
    sides = (Verdicts(np.asarray(side, float), "logit") for side in (members, others))
    return discriminator_membership(*sides, Features(seen), Features(unseen), rng=stream(seed, "membership"))


def planted(dose: str, seed: int = 0):
    scene = critics_that_know(dose, Trial(0, stream(seed, "planted"), seed))
    (train, seen), (held_out, unseen) = (scene.evidence[role] for role in ("train", "held_out"))
    return discriminator_membership(train, held_out, seen, unseen, rng=stream(seed, "membership"))


def test_control_a_gan_trained_for_long_on_few_items_gives_them_away():
    found = planted("few items")
    assert found["auc"].interval.low > 0.85
    assert found["tpr_at_1pct_fpr"].interval.low > found["tpr_at_1pct_fpr"].floor + 0.05
    assert found["blind_auc"].interval.low < 0.55
    facts = found["auc"].detail.facts
    assert facts["score"] == "logit that the item is real"
    assert facts["median, training items"] > facts["median, held-out items"]


def test_null_a_gan_of_many_items_that_stopped_in_time_is_not_accused():
    found = planted("many items")
    assert found["auc"].interval.high < 0.6
    assert found["tpr_at_1pct_fpr"].interval.low < 0.05


def test_members_that_differ_by_themselves_void_the_attack():
    found = planted("darker members")
    for metric in ("auc", "tpr_at_1pct_fpr"):
        assert isinstance(found[metric], Absent)
        assert "void" in found[metric].because
    assert found["blind_auc"].value > 0.6


def test_truth_verdicts_a_deviation_apart():
    # N(1, 1) against N(0, 1): AUC = Phi(1 / sqrt 2) = 0.7602, TPR at 1 % FPR = Phi(1 - 2.3263) = 0.0924
    rng = np.random.default_rng(0)
    found = judged(
        rng.normal(1, 1, 20_000), rng.normal(0, 1, 20_000), seen=np.ones((20_000, 1)), unseen=np.ones((20_000, 1))
    )
    assert found["auc"].value == pytest.approx(0.7602, abs=0.01)
    assert found["auc"].floor == 0.5
    assert found["tpr_at_1pct_fpr"].value == pytest.approx(0.0924, abs=0.015)
    assert found["tpr_at_1pct_fpr"].floor == chance_tpr(20_000)


def test_no_unit_and_no_origin_of_a_critic_matters():
    rng = np.random.default_rng(1)
    members, others = rng.normal(0.5, 1, 200), rng.normal(size=320)
    found, moved = judged(members, others), judged(7 * members - 300, 7 * others - 300)
    assert found["auc"].value == moved["auc"].value
    assert found["tpr_at_1pct_fpr"].interval == moved["tpr_at_1pct_fpr"].interval


def test_a_discriminator_without_an_opinion_is_at_one_half():
    found = judged(np.zeros(60), np.zeros(320))
    assert found["auc"].value == 0.5
    assert found["auc"].interval.low < 0.5 < found["auc"].interval.high
    assert found["tpr_at_1pct_fpr"].value == 0.0


def test_the_items_it_is_surest_of_are_shown():
    members = np.arange(40.0)
    shown = judged(members, np.arange(40.0), seed=3)["auc"].detail.exhibits
    assert [exhibit.items[0].index for exhibit in shown] == [39, 38, 37, 36]
    assert shown[0].value == 39.0


def test_what_cannot_be_judged_is_refused():
    rng = np.random.default_rng(2)
    members, others = rng.normal(size=40), rng.normal(size=40)
    found = judged(members, others)
    assert isinstance(found["auc"], Estimate)
    assert isinstance(found["tpr_at_1pct_fpr"], Absent)
    assert "needs 300" in found["tpr_at_1pct_fpr"].because
    with pytest.raises(NotApplicable, match="needs 5 items a side, got 4"):
        judged(members[:4], others)
    for spoiled in (np.nan, np.inf, -np.inf):
        others[3] = spoiled
        with pytest.raises(ProbeError, match="held_out: the discriminator's verdict on item 3 is"):
            judged(members, others)


def test_a_run_asks_the_discriminator_that_was_trained_and_says_who_has_none(tmp_path):
    small: dict[str, Any] = {"steps": 4, "breadth": 8, "latent": 4}
    run_of: Callable[..., Run] = lambda **parts: Run.load(
        run_suite(Suite.from_mapping(parts), Options(home=tmp_path, device="cpu"))
    )
    suite = {
        "name": "small", "meters": {"meter": "none"}, "data": {"digits": "digits"}, "lenses": {"image": "image.pixels"},
        "n": 20, "held_out_n": 60,
        "models": [{"name": f, "family": f, "data": "digits", "settings": small} for f in ("gan", "wgan_gp", "vae")],
        "probes": [OF],
    }  # fmt: skip
    run = run_of(**suite)
    values = {(s.model, s.id): s.estimate.value for s in run.measured}
    assert {model for model, id in values if id == f"{OF}.auc"} == {"gan", "wgan_gp"}
    skipped = [outcome for outcome in run.outcomes if isinstance(outcome, Skipped) and outcome.model == "vae"]
    assert "keeps no discriminator" in skipped[0].because
    assert {(s.model, s.id): s.estimate.value for s in run_of(**suite).measured} == values  # restored from the cache
