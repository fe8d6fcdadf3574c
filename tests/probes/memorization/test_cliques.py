"""Cliques: what is repeated is counted, training items among it are named, and honest repetition is no extraction."""

from __future__ import annotations

import numpy as np
import pytest
from judged import state

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.model import Training
from genbench.core.score import Absent, Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.copycat import Copycat
from genbench.probes.memorization.cliques import cliques
from genbench.selftest.plants._mixture import Mixture


def run(generated, train, held_out, *, seed=0, **settings) -> dict[str, Estimate | Absent]:
    sides = [Features(np.asarray(x, np.float64)) for x in (generated, train, held_out)]
    found = dict(cliques(*sides, rng=stream(seed, "cliques"), **settings))
    for e in found.values():
        if isinstance(e, Estimate):
            assert e.interval.low <= e.value <= e.interval.high
    return found


def world(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(outputs of a perfect generator, train, held-out, more unseen items)."""
    drawn = Mixture(np.random.default_rng(seed))
    return drawn.draw(n)[1], drawn.train, drawn.held_out, drawn.draw(50)[1]


def test_planted_groups_are_the_share_found_and_those_of_training_items_are_named():
    made, train, held_out, unseen = world(0)
    made[:20] = np.repeat(train[:4], 5, axis=0)
    made[20:50] = np.repeat(unseen[:5], 6, axis=0)
    made[50:52] = unseen[9]  # two alike are no clique
    found = run(made, train, held_out)
    assert found["share"].value == 50 / 500
    assert found["share"].floor == 0.0
    assert found["extracted"].value == 20 / 50
    assert found["extracted"].n == 50
    facts = found["extracted"].detail.facts
    assert (facts["cliques"], facts["cliques around a training item"], facts["training items extracted"]) == (9, 4, 4)
    pairs = {tuple((i.role, i.index) for i in e.items) for e in found["extracted"].detail.exhibits}
    assert {train_item for _, (_, train_item) in pairs} == {0, 1, 2, 3}
    assert all(0 <= index < 20 for (_, index), _ in pairs)
    assert [state(cliques, name, e) for name, e in found.items()] == ["alarm", "alarm"]


@pytest.mark.parametrize("jitter", [0.0, 0.02])
def test_one_training_item_repeated_fifty_times_is_heard_and_is_one_piece_of_evidence(jitter: float):
    made, train, held_out, _ = world(1)
    made[:50] = train[7] + jitter * np.random.default_rng(0).normal(size=(50, made.shape[1]))
    found = run(made, train, held_out)
    assert found["share"].value == 0.1
    assert found["extracted"].value == 1.0
    assert found["extracted"].interval.low < 0.3  # as of one trial, not of fifty
    assert [state(cliques, name, e) for name, e in found.items()] == ["alarm", "alarm"]


def test_one_unseen_item_repeated_fifty_times_is_repetition_and_no_extraction():
    made, train, held_out, unseen = world(2)
    made[:50] = unseen[0]
    found = run(made, train, held_out)
    assert state(cliques, "share", found["share"]) == "alarm"
    assert found["extracted"].value == 0.0
    assert state(cliques, "extracted", found["extracted"]) != "alarm"


def test_an_honest_generator_repeats_nothing():
    made, train, held_out, _ = world(3)
    found = run(made, train, held_out)
    assert state(cliques, "share", found["share"]) == "clear"
    assert isinstance(found["extracted"], Absent)
    assert "no outputs form a clique" in found["extracted"].because


@pytest.mark.parametrize(("rate", "jitter", "heard"), [(1.0, 0.0, True), (1.0, 0.1, True), (0.0, 0.0, False)])
def test_a_copycat_of_digits_is_heard_and_one_that_repeats_unseen_digits_is_not(rate, jitter, heard):
    """At rate 0 it draws from few unseen digits, again and again: repetition, all of it, but no training item."""
    data, lens, model = digits(), Pixels(), Copycat(rate=rate, jitter=jitter)
    model.fit(data, Training(0))
    made = lens.features(model.sample(range(900)))
    found = run(made, lens.features(data.take("train")), lens.features(data.take("held_out")))
    # jittered copies are told apart by some of the distances that held-out items allow, and not by others
    assert state(cliques, "share", found["share"]) == ("unsure" if jitter else "alarm")
    assert (state(cliques, "extracted", found["extracted"]) == "alarm") is heard
    assert found["extracted"].value > 0.95 if heard else found["extracted"].value < 0.05


def test_unseen_digits_are_an_honest_generator():
    data, lens = digits(), Pixels()
    made, train, held_out = (lens.features(data.take(s)) for s in ("reserve", "train", "held_out"))
    found = run(made, train, held_out)
    assert found["share"].value <= 0.01
    assert state(cliques, "share", found["share"]) != "alarm"


def test_a_narrow_generator_repeats_itself_and_extracts_nothing():
    drawn = Mixture(np.random.default_rng(4))
    _, made = drawn.draw(400, scale=0.2)
    found = run(made, drawn.train, drawn.held_out)
    assert state(cliques, "share", found["share"]) == "alarm"
    assert state(cliques, "extracted", found["extracted"]) != "alarm"


def test_outputs_are_set_beside_as_many_real_items_and_no_more():
    made, train, held_out, _ = world(5, n=2000)
    made[:100] = np.repeat(train[:10], 10, axis=0)
    found = run(made, train[:600], held_out)
    assert found["share"].n == 1100
    assert found["share"].value == pytest.approx(100 / 2000, abs=0.02)
    train[:3] = train[0]  # real items that repeat themselves, behind the 500 held-out ones
    assert run(made[:600], train, held_out)["share"].floor == 3 / 600


def test_too_few_unseen_items_give_no_verdict_on_extraction_and_the_share_all_the_same():
    made, train, held_out, _ = world(6)
    made[:50] = train[7]
    found = run(made, train, held_out[:299])
    assert found["share"].value == 0.1
    assert "needs 300 non-members" in found["extracted"].because


def test_constant_features_have_an_outcome():
    found = run(np.ones((40, 2)), np.ones((50, 2)), np.ones((320, 2)))
    assert (found["share"].value, found["share"].floor) == (1.0, 1.0)
    assert state(cliques, "share", found["share"]) != "alarm"
    assert found["extracted"].value == 0.0


def test_held_out_items_that_are_copies_of_training_items_prove_nothing():
    made, train, held_out, _ = world(7)
    made[:50], held_out[:20] = train[7], train[20:40]
    assert "exact copies" in run(made, train, held_out)["extracted"].because


def test_the_same_chance_gives_the_same_scores_and_what_cannot_be_read_is_refused():
    made, train, held_out, _ = world(8, n=1600)
    made[:40] = np.repeat(train[:4], 10, axis=0)
    assert run(made, train, held_out) == run(made, train, held_out)
    with pytest.raises(ProbeError, match="two are duplicates"):
        run(made, train, held_out, least=2)
    with pytest.raises(NotApplicable, match="got 2, 900, 500"):
        run(made[:2], train, held_out)
    made[3, 0] = np.nan
    with pytest.raises(ProbeError, match="item 3 hold NaN"):
        run(made, train, held_out)
