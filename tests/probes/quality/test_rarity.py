"""Rarity: the paper's definition by hand, 1 for unseen real items, narrow and scattered outputs, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.score import Absent, Estimate
from genbench.probes.quality.rarity import rarity


def run(generated: np.ndarray, held_out: np.ndarray, train: np.ndarray, seed: int = 0, k: int = 3) -> Estimate:
    rng = stream(seed, "rarity")
    found = rarity(Features(generated), Features(held_out), Features(train), rng=rng, k=k)["relative"]
    assert isinstance(found, Estimate)
    return found


def by_hand(items: np.ndarray, real: np.ndarray, k: int) -> list[float]:
    """The smallest k-NN radius among the balls that hold an item; only of items that some ball holds."""
    rarities = []
    for item in items:
        held = []
        for i, centre in enumerate(real):
            radius = sorted(np.linalg.norm(real - centre, axis=1)[np.arange(len(real)) != i])[k - 1]
            if np.linalg.norm(item - centre) <= radius:
                held.append(radius)
        if held:
            rarities.append(min(held))
    return rarities


def test_it_is_the_published_definition():
    rng = np.random.default_rng(0)
    x, y, z = (rng.normal(size=(n, 3)) * 1.3 for n in (60, 50, 55))
    own, other = by_hand(x, y, 3), by_hand(z, y, 3)
    found = run(x, y, z)
    assert found.value == pytest.approx(np.mean(own) / np.mean(other))
    assert found.n == len(own)
    assert found.detail.facts["share of outputs unlike any real item"] == pytest.approx(1 - len(own) / 60)


def test_unseen_real_items_score_one_and_are_covered():
    rng = np.random.default_rng(1)
    draw = lambda n: rng.standard_t(6, size=(n, 4))
    found = [run(draw(150), draw(150), draw(200), seed) for seed in range(80)]
    assert np.mean([f.interval.low <= 1 <= f.interval.high for f in found]) >= 0.93
    assert np.mean([f.value for f in found]) == pytest.approx(1, abs=0.02)
    assert all(f.floor == 1.0 for f in found)


def test_narrow_outputs_are_common_and_tails_are_rare():
    rng = np.random.default_rng(2)
    draw = lambda n: rng.standard_t(6, size=(n, 4))
    y, z = draw(400), draw(400)
    assert run(0.5 * draw(300), y, z).interval.high < 1
    outer = draw(3000)
    far = outer[np.argsort(-np.linalg.norm(outer, axis=1))[:900]]
    found = run(far[rng.permutation(900)[:300]], y, z)
    assert found.interval.low > 1
    assert found.detail.exhibits[0].value == max(e.value for e in found.detail.exhibits)


def test_outputs_out_of_reach_leave_nothing_to_compare():
    rng = np.random.default_rng(3)
    y, z = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    rng = stream(0, "rarity")
    found = rarity(Features(y[:40] + 100), Features(y), Features(z), rng=rng)["relative"]
    assert isinstance(found, Absent)
    assert "only 0 outputs" in found.because


def test_outputs_that_are_all_one_common_item_are_given_a_number():
    rng = np.random.default_rng(4)
    y, z = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
    found = run(np.zeros((40, 2)), y, z)
    assert found.interval.low <= found.value <= found.interval.high < 1


def test_exact_duplicates_among_real_items_do_not_break_it():
    rng = np.random.default_rng(5)
    y = np.repeat(rng.normal(size=(20, 2)), 5, axis=0)  # all radii are 0
    z = rng.normal(size=(60, 2))
    found = rarity(Features(y[:40]), Features(y), Features(z), rng=stream(0, "rarity"))["relative"]
    assert isinstance(found, Absent)


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(6).normal(size=(40, 3))
    with pytest.raises(NotApplicable, match="got 19 outputs"):
        run(x[:19], x, x)
    with pytest.raises(NotApplicable, match="at least 1"):
        run(x, x, x, k=0)
