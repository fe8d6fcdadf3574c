"""Precision, recall, density and coverage: brute force, closed form, dropped modes, coverage of intervals, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Estimate
from genbench.probes.quality.prdc import prdc


def run(generated, held_out, train, *, seed=0, k=5, limit=2000) -> dict[str, Estimate]:
    found = prdc(Features(generated), Features(held_out), Features(train), rng=stream(seed, "prdc"), k=k, limit=limit)
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


def by_hand(real, fake, k):
    """One pair at a time, by the papers' sentences."""
    d = lambda a, b: float(np.sqrt(((a - b) ** 2).sum()))
    radius = lambda own: [sorted(d(a, b) for b in own)[k] for a in own]
    r, f = radius(real), radius(fake)
    inside = [[d(a, b) <= r[i] for b in fake] for i, a in enumerate(real)]
    return {
        "precision": np.mean([any(row[j] for row in inside) for j in range(len(fake))]),
        "recall": np.mean([any(d(a, b) <= f[j] for j, b in enumerate(fake)) for a in real]),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.mean([any(row) for row in inside]),
    }


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_it_equals_brute_force_with_ties_and_far_from_the_origin(offset):
    rng = np.random.default_rng(0)
    real, fake = rng.integers(0, 4, (40, 2)) + offset, rng.integers(0, 5, (45, 2)) + offset
    found = run(fake, real, real, k=3)
    assert {name: e.value for name, e in found.items()} == pytest.approx(by_hand(real, fake, 3))


def test_an_output_that_equals_a_repeated_real_item_lies_in_its_ball_of_radius_zero():
    real = np.repeat(np.random.default_rng(1).normal(1e3, 1, (10, 30)), 6, axis=0)
    assert run(real.copy(), real, real)["precision"].value == 1.0


def test_one_distribution_twice_meets_floor_and_closed_form():
    rng, n, k = np.random.default_rng(2), 200, 5
    expected = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])
    found = [run(*(rng.normal(size=(n, 4)) for _ in range(3)), seed=s) for s in range(40)]
    assert np.mean([f["coverage"].value for f in found]) == pytest.approx(expected, abs=0.01)
    for name in ("precision", "recall", "density", "coverage"):
        assert np.mean([f[name].floor for f in found]) == pytest.approx(
            np.mean([f[name].value for f in found]), abs=0.02
        )
        truth = np.mean([f[name].value for f in found])  # the expectation at this n
        assert np.mean([f[name].interval.low <= truth <= f[name].interval.high for f in found]) >= 0.93, name


@pytest.mark.parametrize("dropped", [3, 7])
def test_dropped_modes_lower_coverage_in_proportion_and_leave_precision(dropped):
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(10, 6)) * 20
    draw = lambda modes, n: centres[rng.integers(modes, 10, n)] + rng.normal(size=(n, 6))
    found = run(draw(dropped, 400), draw(0, 400), draw(0, 400))
    assert found["coverage"].value / found["coverage"].floor == pytest.approx(1 - dropped / 10, abs=0.07)
    assert found["coverage"].interval.high < found["coverage"].floor
    assert found["precision"].value == pytest.approx(found["precision"].floor, abs=0.06)


def test_scores_of_all_or_nothing_keep_an_open_interval():
    rng = np.random.default_rng(4)
    far = run(rng.normal(100, 1, (60, 3)), rng.normal(size=(60, 3)), rng.normal(size=(60, 3)))
    same = run(np.ones((60, 3)), np.ones((50, 3)), np.ones((40, 3)))  # constant: everything lies in everything
    for name in ("precision", "recall", "coverage"):
        assert far[name].value == 0.0
        assert far[name].interval.high > 0.02
        assert same[name].value == 1.0
        assert same[name].interval.low < 0.98
    for found in (*far.values(), *same.values()):
        assert found.interval.low <= found.value <= found.interval.high


def test_limit_bounds_the_rows_and_chance_repeats_itself():
    rng = np.random.default_rng(5)
    x, y, z = (rng.normal(size=(n, 3)) for n in (90, 80, 70))
    assert run(x, y, z, limit=50) == run(x[:50], y[:50], z, limit=50)
    assert run(x, y, z) == run(x, y, z)
    assert run(x, y, z)["recall"].detail.facts["n of the floor"] == 70


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(6).normal(size=(30, 3))
    with pytest.raises(NotApplicable, match="need 20 items a side, got 30 real and 19"):
        run(x[:19], x, x)
    with pytest.raises(NotApplicable, match="at least 1, got 0"):
        run(x, x, x, k=0)
    spoiled = x.copy()
    spoiled[11, 2] = np.nan
    with pytest.raises(ProbeError, match="train: the features of item 11"):
        run(x, x, spoiled)
