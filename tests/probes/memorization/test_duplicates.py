"""Duplicates: planted ones are counted, average-looking outputs are not, intervals cover, empty sides are refused."""

from __future__ import annotations

import numpy as np
import pytest
from judged import state

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Fingerprints
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.probes.memorization.duplicates import duplicates, most_alike

K, NEAR = 64, 60 / 64


def prints(n: int, seed: int) -> np.ndarray:
    return stream(seed, "prints").integers(0, 2, size=(n, K))


def run(generated, train, held_out, near=NEAR, seed=0) -> dict[str, Estimate]:
    sides = [Fingerprints(np.asarray(slots, np.int64), near) for slots in (generated, train, held_out)]
    found = duplicates(*sides, rng=stream(seed, "duplicates"))
    for e in found.values():
        assert isinstance(e, Estimate)
        assert e.interval.low <= e.value <= e.interval.high
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


def flipped(slots: np.ndarray, bits: int) -> np.ndarray:
    made = slots.copy()
    made[:, :bits] = 1 - made[:, :bits]
    return made


@pytest.mark.parametrize("bits", [0, 4])
def test_planted_duplicates_are_the_share_found(bits):
    train, held_out, made = prints(300, 0), prints(300, 1), prints(200, 2)
    made[:30] = flipped(train[:30], bits)
    found = run(made, train, held_out)
    assert found["of_train"].value == 30 / 200
    assert found["of_train"].floor == 0.0
    assert state(duplicates, "of_train", found["of_train"]) == "alarm"
    assert found["within_output"].value == 0.0
    assert state(duplicates, "within_output", found["within_output"]) == "clear"
    assert {(e.items[0].index, e.items[1].index) for e in found["of_train"].detail.exhibits} <= {
        (i, i) for i in range(30)
    }


def test_one_bit_too_far_is_no_duplicate():
    train = prints(300, 0)
    assert run(flipped(train[:50], 5), train, prints(300, 1))["of_train"].value == 0.0


def test_one_training_item_repeated_fifty_times_is_found_twice_over():
    train, made = prints(300, 0), prints(500, 2)
    made[:50] = train[7]
    found = run(made, train, prints(500, 1))
    assert found["of_train"].value == found["within_output"].value == 0.1
    assert state(duplicates, "of_train", found["of_train"]) == "alarm"
    assert found["of_train"].detail.facts["training items met"] == 1
    assert len(found["within_output"].detail.exhibits) > 0


def test_a_duplicate_that_unseen_items_show_as_well_is_not_counted():
    train, held_out, made = prints(300, 0), prints(300, 1), prints(200, 2)
    held_out[:20] = flipped(train[:20], 3)
    made[:20] = flipped(train[:20], 4)
    made[20:30] = train[:10]
    found = run(made, train, held_out)["of_train"]
    assert found.value == 10 / 200  # exact ones, which no unseen item equals; the others are as near to held-out items
    assert found.detail.facts["outputs as near to unseen items"] == 20


def test_constant_fingerprints_have_an_outcome():
    found = run(np.ones((20, K)), np.ones((30, K)), np.ones((25, K)))
    assert (found["of_train"].value, found["of_train"].floor) == (0.0, 0.0)
    assert (found["within_output"].value, found["within_output"].floor) == (1.0, 1.0)
    assert state(duplicates, "within_output", found["within_output"]) != "alarm"


@pytest.mark.parametrize("spread", [0.3, 0.1, 0.0])
def test_narrow_generators_of_average_digits_are_no_copycats(spread):
    """Unseen digits drawn towards the mean of their class: near to many real items, copies of none."""
    data, lens = digits(), Pixels()
    train, labels = np.stack(data.take("train")).astype(float), data.labels("train")
    means = np.stack([train[labels == c].mean(0) for c in range(10)])
    made = [
        np.rint(means[c] + spread * (item - means[c])).clip(0, 255).astype(np.uint8)
        for item, c in zip(data.take("reserve"), data.labels("reserve"), strict=True)
    ]
    see = lens.fingerprints
    found = duplicates(see(made), see(data.take("train")), see(data.take("held_out")), rng=stream(0, "narrow"))
    assert state(duplicates, "of_train", found["of_train"]) == "clear"
    assert state(duplicates, "within_output", found["within_output"]) == "alarm"  # that, it does


@pytest.mark.parametrize("kinds", [50, 300, 3000, 30_000])
def test_the_share_of_repeats_is_covered(kinds):
    """Outputs are uniform over so many kinds: 1 - (1 - 1/kinds)^(n - 1) of n have a twin."""
    rng, n = np.random.default_rng(0), 150
    truth, covered = 1 - (1 - 1 / kinds) ** (n - 1), 0
    distinct = np.arange(10**6, 10**6 + 2 * n)
    for _ in range(100):
        made = rng.integers(kinds, size=n)
        found = run(made[:, None], distinct[:n, None], distinct[n:, None], near=1.0)["within_output"]
        covered += found.interval.low <= truth <= found.interval.high
    assert covered >= 94


def test_the_share_of_copies_beside_its_floor_is_covered():
    """Held-out items meet train at rate f, outputs at rate f + c: [low, high] - floor covers c."""
    rng, f, c, covered = np.random.default_rng(1), 0.03, 0.05, 0
    n = 200
    train = np.arange(1000)
    for _ in range(300):
        fresh = 1000 + np.arange(2 * n)
        made = np.where(rng.random(n) < f + c, rng.integers(1000, size=n), fresh[:n])
        held_out = np.where(rng.random(n) < f, rng.integers(1000, size=n), fresh[n:])
        found = run(made[:, None], train[:, None], held_out[:, None], near=1.0)["of_train"]
        covered += found.interval.low - found.floor <= c <= found.interval.high - found.floor
    assert 0.92 <= covered / 300 <= 0.99


def test_bits_and_numbers_are_compared_alike(monkeypatch):
    bits, other = prints(70, 3), prints(40, 4)
    by_product, by_slot = most_alike(bits, other, 0.6), most_alike(bits + 5, other + 5, 0.6)
    equal = (bits[:, None] == other[None]).mean(2)
    for found in (by_product, by_slot):
        assert np.array_equal(found.likeness, equal.max(1))
        assert np.array_equal(found.which, equal.argmax(1))
        assert np.array_equal(found.many, (equal >= 0.6).sum(1))
    monkeypatch.setattr("genbench.probes.memorization.duplicates.BLOCK", 16)
    themselves = most_alike(bits, bits, 0.6, exclude_self=True)
    own = (bits[:, None] == bits[None]).mean(2)
    np.fill_diagonal(own, -1)
    assert np.array_equal(themselves.which, own.argmax(1))


def test_the_same_chance_gives_the_same_scores_and_empty_sides_are_refused():
    made, train, held_out = prints(90, 0), prints(80, 1), prints(40, 2)
    assert run(made, train, held_out) == run(made, train, held_out)
    assert run(made, train, held_out)["within_output"].n == 40
    with pytest.raises(NotApplicable, match="got 1 outputs"):
        run(made[:1], train, held_out)
