"""The generalization gap: direct computation, an overfit twin, equal splits, coverage where few items are few."""

from __future__ import annotations

import math

import numpy as np
import pytest
from judged import state

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import LogProbs
from genbench.core.model import Training
from genbench.core.score import Absent, Estimate
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.probes.memorization.gap import gap


def said(nats, units) -> LogProbs:
    return LogProbs(np.asarray(nats, float), {"byte": np.asarray(units, np.int64)})


def test_it_equals_direct_computation():
    found = gap(said([-2.0, -4.0], [2, 4]), said([-9.0, -6.0, -3.0], [4, 3, 2]))
    assert found["nats_per_unit"].value == pytest.approx(18 / 9 - 1)
    assert found["relative"].value == pytest.approx(0.5)
    assert found["relative"].floor == 0.0
    assert found["relative"].detail.facts["unit"] == "byte"
    for e in found.values():
        assert isinstance(e, Estimate)
        assert e.interval.low <= e.value <= e.interval.high


@pytest.mark.parametrize("n", [4, 60])
def test_both_intervals_cover_with_few_items_and_many(n):
    """Losses of 1 per unit on train and 2 on held-out, by item and by length: the gap is 1, relative 0.5."""
    rng, nats, relative = np.random.default_rng(0), 0, 0
    for _ in range(800):
        inside, outside = (rng.normal(mean, 0.4, n) for mean in (1.0, 2.0))
        found = gap(said(-10 * inside, np.full(n, 10)), said(-10 * outside, np.full(n, 10)))
        nats += found["nats_per_unit"].interval.low <= 1.0 <= found["nats_per_unit"].interval.high
        if isinstance(found["relative"], Absent):
            relative += 1
        else:
            relative += found["relative"].interval.low <= 0.5 <= found["relative"].interval.high
    assert 0.925 <= nats / 800 <= 0.985
    assert 0.925 <= relative / 800 <= 0.99


def test_two_draws_of_one_distribution_have_no_gap():
    rng = np.random.default_rng(1)
    found = [gap(said(-rng.gamma(4, 1, 80), np.ones(80)), said(-rng.gamma(4, 1, 50), np.ones(50))) for _ in range(300)]
    values = np.array([f["relative"].value for f in found])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(300) + 0.01
    assert np.mean([f["relative"].interval.low <= 0 <= f["relative"].interval.high for f in found]) >= 0.92


def test_an_overfit_twin_has_the_larger_gap():
    data = pydoc()
    gaps = []
    for order in (2, 8):
        model = Ngram(order=order)
        model.fit(data, Training())
        found = gap(model.log_prob(data.take("train", 150)), model.log_prob(data.take("held_out", 150)))["relative"]
        gaps.append(found)
    assert [state(gap, "relative", g) for g in gaps] == ["clear", "alarm"]
    assert gaps[1].interval.low > gaps[0].interval.high


def test_a_share_of_nearly_nothing_is_absent():
    """A density's loss may lie around 0, and no share of that means anything."""
    found = gap(said([1.0, -1.0, 0.5], [1, 1, 1]), said([0.0, 0.0, 0.0], [1, 1, 1]))
    assert isinstance(found["relative"], Absent)
    assert "not clearly away from 0" in found["relative"].because
    assert found["nats_per_unit"].value == pytest.approx(0.5 / 3)


def test_a_negative_loss_keeps_the_sign_of_the_gap():
    found = gap(said([3.0, 3.1, 2.9], [1, 1, 1]), said([2.0, 2.1, 1.9], [1, 1, 1]))  # densities above 1
    assert found["nats_per_unit"].value == pytest.approx(1.0)
    assert found["relative"].value == pytest.approx(0.5)


def test_the_impossible_the_unknown_and_the_lone_are_told_apart():
    fine = said([-1.0, -2.0], [1, 1])
    impossible = gap(fine, said([-1.0, -math.inf], [1, 1]))
    assert isinstance(impossible["relative"], Absent)
    assert "item 1 of held_out probability 0" in impossible["relative"].because
    assert isinstance(impossible["nats_per_unit"], Absent)
    with pytest.raises(ProbeError, match="train: the log-probability of item 0 is nan"):
        gap(said([math.nan, -1.0], [1, 1]), fine)
    with pytest.raises(NotApplicable, match="got 1 and 2"):
        gap(said([-1.0], [1]), fine)
    assert isinstance(gap(said([-1.0, -1.0], [0, 0]), fine)["relative"], Absent)
