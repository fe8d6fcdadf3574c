"""Train on outputs, test on real: nothing lost by real items, kinds lost by their share, coverage, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Annotations, Features, Labels
from genbench.probes.quality.classification import _hits, _Labelled, classification

NAMES = tuple(f"kind {i}" for i in range(5))
CENTRES = 2.2 * np.random.default_rng(0).normal(size=(5, 6)) / np.sqrt(6)


def draw(rng, n, kinds=range(5), wrong=0.0):
    """Kinds that overlap. wrong: share of items whose label says another kind."""
    labels = rng.choice(list(kinds), n)
    x = CENTRES[labels] + 0.5 * rng.normal(size=(n, 6))
    said = np.where(rng.random(n) < wrong, rng.integers(0, 5, n), labels)
    return Features(x), Annotations(said.astype(np.int64), NAMES)


def run(outputs, held_out, train, *, seed=0, limit=4000):
    held, seen = ((x, Labels(said.labels, said.names)) for x, said in (held_out, train))
    return classification(*outputs, *held, *seen, rng=stream(seed, "classification"), limit=limit)


def holds(estimate, truth):
    return estimate.interval.low <= truth <= estimate.interval.high


def test_real_items_in_the_outputs_place_lose_nothing_and_intervals_cover_the_expectation():
    rng = np.random.default_rng(1)
    found = [run(draw(rng, 100), draw(rng, 300), draw(rng, 100), seed=s) for s in range(40)]
    lost = np.array([f["lost"].value for f in found])
    assert abs(lost.mean()) < 4 * lost.std() / np.sqrt(40)
    assert all(f["lost"].floor == 0.0 for f in found)
    assert sum(holds(f["lost"], 0.0) for f in found) >= 34
    assert sum(holds(f["accuracy"], f["accuracy"].floor) for f in found) >= 34
    truth = np.mean([f["accuracy"].value for f in found])
    assert sum(holds(f["accuracy"], truth) for f in found) >= 34


def test_a_loss_is_covered():
    """Outputs whose labels are often wrong; the truth is the mean over many fits, judged by many items."""
    rng = np.random.default_rng(2)
    side = lambda n, wrong=0.0: _Labelled(*(part.x if isinstance(part, Features) else part.labels
                                            for part in draw(rng, n, wrong=wrong)))  # fmt: skip
    losses = [_hits(side(80), j).mean() - _hits(side(80, 0.5), j).mean() for j in (side(2000) for _ in range(60))]
    truth = float(np.mean(losses))
    assert truth > 0.03
    found = [run(draw(rng, 80, wrong=0.5), draw(rng, 250), draw(rng, 80), seed=s)["lost"] for s in range(40)]
    assert sum(holds(f, truth) for f in found) >= 34


def test_control_dropped_kinds_cost_their_share_and_are_named():
    rng = np.random.default_rng(3)
    found = run(draw(rng, 400, kinds=[0, 1, 2]), draw(rng, 500), draw(rng, 400))
    floor = found["accuracy"].floor
    assert found["lost"].interval.low > 0.2
    assert found["lost"].value == pytest.approx(0.4 * floor, abs=0.12)
    assert found["accuracy"].interval.high < floor
    facts = found["lost"].detail.facts
    assert facts["classes that outputs never show"] == ["kind 3", "kind 4"]
    assert facts["accuracy by class"]["kind 4"] == 0.0
    assert facts["accuracy by class, real-trained"]["kind 4"] > 0.5


def test_one_kind_alone_scores_its_share():
    rng = np.random.default_rng(4)
    held_out = draw(rng, 300)
    found = run(draw(rng, 100, kinds=[2]), held_out, draw(rng, 100))
    assert found["accuracy"].value == pytest.approx((held_out[1].labels == 2).mean())


def test_learning_is_from_equal_numbers_and_chance_repeats_itself():
    rng = np.random.default_rng(5)
    outputs, held_out, train = draw(rng, 300), draw(rng, 100), draw(rng, 120)
    assert run(outputs, held_out, train) == run(outputs, held_out, train)
    assert run(outputs, held_out, train)["lost"].n == 120
    assert run(outputs, held_out, train, limit=60)["lost"].n == 60


def test_per_item_values_pair_up_by_held_out_keys():
    rng = np.random.default_rng(6)
    (x, said), keys = draw(rng, 50), tuple(f"item/{i}" for i in range(50))
    found = run(draw(rng, 60), (Features(x.x, keys), said), draw(rng, 60))["accuracy"]
    assert found.detail.keys == keys
    assert np.mean(found.detail.values) == pytest.approx(found.value)


def test_what_cannot_be_measured_is_refused():
    rng = np.random.default_rng(7)
    a, b, c = (draw(rng, 40) for _ in range(3))
    with pytest.raises(NotApplicable, match="needs 20 items of each, got 10 outputs"):
        run(draw(rng, 10), b, c)
    with pytest.raises(NotApplicable, match="2 or more classes that the dataset names"):
        run(a, (b[0], Annotations(b[1].labels, tuple("abcde"))), c)
    with pytest.raises(NotApplicable, match="nothing to learn"):
        run(a, b, draw(rng, 40, kinds=[1]))
    spoiled = c[0].x.copy()
    spoiled[9, 0] = np.nan
    with pytest.raises(ProbeError, match="train: the features of item 9"):
        run(a, b, (Features(spoiled), c[1]))
