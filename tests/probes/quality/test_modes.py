"""Lost classes behind an annotator's mistakes: known truths, named losses, honesty where n is small, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations
from genbench.probes.quality.modes import modes


def annotator(k, accuracy):
    """P(said | true) [k k] that spreads its mistakes evenly."""
    rates = np.full((k, k), (1 - accuracy) / (k - 1))
    np.fill_diagonal(rates, accuracy)
    return rates


def seen(shares, n, rates, rng):
    """What the annotator says of n items with these true shares."""
    k = len(shares)
    counts = rng.multinomial(n, np.asarray(shares) @ rates)
    return np.repeat(np.arange(k), counts)


def both(shown, expected, n, *, accuracy=0.97, tried=100, held_out=500, seed=0, least=0.25):
    """tried: real items per class that count the annotator's mistakes; 0: people gave the labels."""
    rng, k = np.random.default_rng(seed), len(shown)
    rates = annotator(k, accuracy if tried else 1.0)
    confusion = np.stack([rng.multinomial(tried, row) for row in rates]) if tried else None
    names = tuple(f"class {i}" for i in range(k))
    sides = [Annotations(seen(*side, rates, rng), names, confusion) for side in ((shown, n), (expected, held_out))]
    return modes(sides[0], sides[1], rng=rng, least=least)


def holds(estimate, truth):
    return estimate.interval.low - 1e-9 <= truth <= estimate.interval.high + 1e-9


TEN = [0.1] * 10
EIGHT = [0.0, 0.0] + [1 / 8] * 8


def test_truth_one_of_two_classes():
    found = both([1.0, 0.0], [0.5, 0.5], 400, tried=0, held_out=20_000)
    assert found["covered"].value == 0.5
    assert found["covered"].interval.high == 0.5
    assert found["covered"].floor == 1.0
    assert found["divergence"].value == pytest.approx(np.log(2), abs=0.02)


def test_control_dropped_classes_are_counted_and_named():
    heard = [both(EIGHT, TEN, 1000, seed=seed)["covered"] for seed in range(10)]
    assert np.mean([found.interval.high for found in heard]) < 0.85
    assert all(found.value == 0.8 for found in heard)
    assert all(holds(found, 0.8) for found in heard)
    named = [name for found in heard for name in found.detail.facts["certainly missing"]]
    assert set(named) == {"class 0", "class 1"}
    alarmed = [both(EIGHT, TEN, 1000, seed=seed)["divergence"] for seed in range(10)]
    assert all(found.interval.low > 0.1 for found in alarmed)
    assert all(holds(found, np.log(10 / 8)) for found in alarmed)


def test_few_outputs_prove_no_absence_and_many_do():
    """The rule of three: a class with a share of 0.1 is absent from 20 of 20 outputs once in eight times."""
    few = both(EIGHT, TEN, 20, tried=0)["covered"]
    assert few.value <= 0.8
    assert few.interval.high == 1.0
    assert few.detail.facts["certainly missing"] == []
    assert {"class 0", "class 1"} <= set(few.detail.facts["cannot tell"])
    assert few.floor < 1.0  # a perfect model too shows less than a quarter of some class's share in 20 outputs
    many = both(EIGHT, TEN, 2000, tried=0)["covered"]
    assert many.detail.facts["certainly missing"] == ["class 0", "class 1"]


@pytest.mark.parametrize("n", [30, 300, 3000])
def test_a_balanced_model_loses_nothing_at_any_n(n):
    found = [both(TEN, TEN, n, seed=seed) for seed in range(20)]
    assert all(holds(f["covered"], 1.0) for f in found)
    assert sum(f["divergence"].interval.low > 0 for f in found) <= 2
    assert np.mean([f["covered"].value for f in found]) == pytest.approx(
        np.mean([f["covered"].floor for f in found]), abs=0.03
    )
    assert np.mean([f["divergence"].value for f in found]) == pytest.approx(
        np.mean([f["divergence"].floor for f in found]), rel=0.3, abs=0.003
    )


def test_with_enough_outputs_every_class_is_certainly_there():
    found = both(TEN, TEN, 3000, held_out=2000)["covered"]
    assert found.interval.low == 1.0
    assert found.detail.facts["cannot tell"] == []


@pytest.mark.parametrize(
    ("shown", "expected", "n", "tried"),
    [
        ([0.02, 0.08, 0.3, 0.6], [0.25] * 4, 300, 60),
        ([0.5, 0.45, 0.05, 0.0], [0.4, 0.3, 0.2, 0.1], 150, 0),
        (EIGHT, TEN, 500, 40),
    ],
)
def test_intervals_cover_the_truth(shown, expected, n, tried):
    p, q = np.array(shown), np.array(expected)
    there = p[p > 0]
    truths = {
        "covered": (p >= 0.25 * q).mean(),
        "divergence": (there * np.log(there / q[p > 0])).sum(),
    }
    inside = dict.fromkeys(truths, 0)
    for seed in range(60):
        found = both(shown, expected, n, accuracy=0.92, tried=tried, seed=seed)
        for name, truth in truths.items():
            inside[name] += holds(found[name], truth)
    assert min(inside.values()) >= 53, inside  # 95 % of 60, less 2.4 errors


def test_a_class_below_the_bar_counts_as_lost_and_the_bar_is_a_setting():
    shown = [0.02, 0.32, 0.33, 0.33]
    assert both(shown, [0.25] * 4, 4000, tried=2000)["covered"].value == 0.75
    assert both(shown, [0.25] * 4, 4000, tried=2000, least=0.04)["covered"].value == 1.0


def test_a_class_real_items_never_show_is_no_loss():
    found = both([0.5, 0.5, 0.0], [0.5, 0.5, 0.0], 400, tried=0)
    assert found["covered"].value == 1.0
    assert found["covered"].interval.high == 1.0
    intruder = both([0.4, 0.4, 0.2], [0.5, 0.5, 0.0], 400, tried=0)["divergence"]
    assert np.isfinite(intruder.value)
    assert intruder.value > 0.5


def test_what_cannot_be_measured_is_refused():
    said = Annotations(np.array([0, 1, 0, 1]), ("a", "b"), np.array([[5, 5], [5, 5]]))
    with pytest.raises(NotApplicable, match="cannot tell the groups apart"):
        modes(said, said, rng=np.random.default_rng(0))
    one = Annotations(np.zeros(4, np.int64), ("all",))
    with pytest.raises(NotApplicable, match="2 or more classes"):
        modes(one, one, rng=np.random.default_rng(0))
    fine = Annotations(np.array([0, 1, 0, 1]), ("a", "b"))
    with pytest.raises(NotApplicable, match=r"between 0 and 1, got 1\.5"):
        modes(fine, fine, rng=np.random.default_rng(0), least=1.5)
