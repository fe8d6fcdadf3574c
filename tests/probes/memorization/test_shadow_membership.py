"""Shadow models: a memorizing model is caught where the plain attack is not, an honest one is not; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.evidence import LOGIT, Features, ShadowLogProbs
from genbench.core.model import Training
from genbench.core.score import Absent
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.models.shadows import Shadows
from genbench.probes.memorization.shadow_membership import shadow_membership
from genbench.selftest.plant import Trial
from genbench.selftest.plants.items_of_a_shadowed_model import items_of_a_shadowed_model


def seen(n, seed=0):
    return Features(stream(seed, "seen").normal(size=(n, 4)))


def ask(train, held_out):
    return shadow_membership(train, held_out, seen(len(train)), seen(len(held_out), 1), rng=stream(0, "s"))


@pytest.fixture(scope="module")
def docs():
    whole = pydoc()
    splits = {split: whole.indices(split, 320) for split in ("train", "held_out", "reserve")}
    return replace(whole, splits=splits)


@pytest.fixture(scope="module")
def fitted(docs):
    model = Shadows(family="ngram", settings={"order": 4}, models=4)
    model.fit(docs, Training(0))
    return model


def test_each_item_is_inside_half_of_the_shadows_which_know_it_better(fitted, docs):
    train, held_out = (fitted.shadow_log_probs(docs.take(split)) for split in ("train", "held_out"))
    for side in (train, held_out):
        assert side.inside.sum(axis=0).tolist() == [2] * len(side)
        bytes_ = side.counts["byte"]
        inside, outside = (np.mean((side.shadows / bytes_)[which]) for which in (side.inside, ~side.inside))
        assert inside > outside + 0.2
    stranger = fitted.shadow_log_probs(["A sentence that stands in neither split."])
    assert not stranger.inside.any()


def test_the_model_is_the_one_that_the_family_alone_gives(fitted, docs):
    alone = Ngram(order=4)
    alone.fit(docs, Training(0))
    texts = docs.take("held_out", 20)
    assert fitted.log_prob(texts).nats.tolist() == alone.log_prob(texts).nats.tolist()
    assert fitted.shadow_log_probs(texts).nats.tolist() == alone.log_prob(texts).nats.tolist()


def test_what_was_fitted_is_kept_whole(fitted, docs):
    again = Shadows(family="ngram", settings={"order": 4}, models=4)
    again.restore(*fitted.state())
    texts = docs.take("train", 20)
    first, second = fitted.shadow_log_probs(texts), again.shadow_log_probs(texts)
    assert np.array_equal(first.shadows, second.shadows)
    assert np.array_equal(first.inside, second.inside)
    assert np.array_equal(first.nats, second.nats)


def test_control_an_overfit_model_gives_its_members_away(fitted, docs):
    found = ask(*(fitted.shadow_log_probs(docs.take(split)) for split in ("train", "held_out")))
    plain = found["lira_auc"].detail.facts["AUC without shadows"]
    for name in ("lira", "rmia", "reference"):
        assert found[f"{name}_auc"].interval.low > max(0.6, plain)
        assert found[f"{name}_tpr"].interval.low > found[f"{name}_tpr"].floor + 0.05
    assert found["lira_auc"].detail.facts["shadow models"] == 4


def test_null_members_that_the_model_did_not_learn_from_are_not_told(docs):
    """Trained on the reserve: neither side is known, whatever the shadows say."""
    other = replace(docs, splits={**docs.splits, "train": docs.indices("reserve"), "reserve": docs.indices("held_out")})
    stranger = Ngram(order=4)
    stranger.fit(other, Training(0))
    model = Shadows(family="ngram", settings={"order": 4}, models=4)
    model.fit(docs, Training(0))
    model.fitted[0] = stranger
    found = ask(*(model.shadow_log_probs(docs.take(split)) for split in ("train", "held_out")))
    for name in ("lira", "rmia", "reference"):
        assert found[f"{name}_auc"].interval.low < 0.56
        assert found[f"{name}_tpr"].interval.low < found[f"{name}_tpr"].floor + 0.05


def test_sets_that_differ_by_themselves_void_all_attacks():
    scene = items_of_a_shadowed_model("shifted", Trial(0, np.random.default_rng(0), 0))
    (train, x), (held_out, y) = scene.evidence["train"], scene.evidence["held_out"]
    found = shadow_membership(train, held_out, x, y, rng=stream(0, "s"))
    assert all(isinstance(estimate, Absent) is (name != "blind_auc") for name, estimate in found.items())


def test_of_logits_rmia_takes_the_probability_of_being_real_and_of_values_without_a_scale_nothing():
    scene = items_of_a_shadowed_model(1.5, Trial(0, np.random.default_rng(0), 0))
    sides = [scene.evidence[role][0] for role in ("train", "held_out")]
    # A classifier's logits: log-odds of probabilities whose logarithms are -softplus(-t).
    logits = [replace(s, nats=s.nats + 20, shadows=s.shadows + 20, counts={}, definition=LOGIT) for s in sides]
    spoken = [
        replace(s, nats=-np.logaddexp(0, -s.nats), shadows=-np.logaddexp(0, -s.shadows), definition="") for s in logits
    ]
    values = [replace(s, definition="value of the critic, past its outputs'") for s in logits]
    by_logit, by_value = ask(*logits), ask(*values)
    assert by_logit["rmia_auc"].value == ask(*spoken)["rmia_auc"].value
    assert by_logit["rmia_auc"].interval.low > 0.6
    for name in ("rmia_auc", "rmia_tpr"):
        assert isinstance(by_value[name], Absent)
        assert "score is the value of the critic, past its outputs', which is none" in by_value[name].because
    for name in ("lira_auc", "lira_tpr", "reference_auc"):
        assert by_value[name].value == by_logit[name].value
        tenfold = [replace(s, nats=10 * s.nats - 3, shadows=10 * s.shadows - 3) for s in values]
        assert ask(*tenfold)[name].value == pytest.approx(by_value[name].value)  # whatever the scale


def test_refusals():
    with pytest.raises(ModelError, match="come in twos"):
        Shadows(family="ngram", models=5)
    with pytest.raises(ModelError, match="it is no Density"):
        Shadows(family="copycat")
    with pytest.raises(ModelError, match="ordr"):
        Shadows(family="ngram", settings={"ordr": 4}).fit(pydoc(), Training(0))
    side, few = (ShadowLogProbs(np.full(n, -1.0), np.full((4, n), -np.inf), np.ones((4, n), bool), {}) for n in (6, 3))
    with pytest.raises(NotApplicable, match="probability 0"):
        ask(side, side)
    with pytest.raises(NotApplicable, match="5 items a side"):
        ask(few, side)
