"""Raw items are dealt as rows of features are, and lie in memory once: the middle alone, as exact as they came."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from genbench.core.evidence import Arrays, Features
from genbench.stats.convolutions import Convolutions
from genbench.stats.detectors import dealt
from genbench.stats.raw_detectors import convolved, shown


def side(n: int, seed: int, shape: tuple[int, int, int] = (2, 5, 3)) -> Arrays:
    """float32 items, every third of them a repetition of an earlier one."""
    x = np.random.default_rng(seed).integers(0, 256, (n, *shape)).astype(np.float32) / 255
    x[2::3] = x[: len(x[2::3])]
    return Arrays(x, 0.0, 1.0, tuple(f"{seed}/{i}" for i in range(n)))


def test_items_are_dealt_just_as_rows_of_features_are():
    generated, held_out = side(90, 1), side(70, 2)
    generated.x[0, 0, 0, 0], generated.x[60, 0, 0, 0] = 0.0, -0.0  # two zeros are one number
    generated.x[60, :] = generated.x[0, :] * np.where(generated.x[60, :] == 0, -1.0, 1.0)
    for limit in (2000, 30):
        rng, reference = np.random.default_rng(5), np.random.default_rng(5)
        found = shown(generated, held_out, limit, rng)
        flat = [Features(of.x.reshape(len(of), -1).astype(np.float64), of.keys) for of in (held_out, generated)]
        for one, other in zip((found.real, found.made), (dealt(of, limit, reference) for of in flat), strict=True):
            assert np.array_equal(one.fit, other.fit)
            assert np.array_equal(one.judged, other.judged)
            assert (one.fit_keys, one.judged_keys) == (other.fit_keys, other.judged_keys)
        assert rng.random() == reference.random()
        distinct = tuple(len(np.unique(of.x, axis=0)) for of in (flat[1], flat[0]))
        assert (found.distinct, found.distinct_real) == distinct


def test_rows_stay_as_exact_as_they_came_and_fold_back_to_the_middle_of_an_item():
    large = side(50, 3, (3, 70, 67))
    found = shown(large, side(50, 4, (3, 70, 67)), 2000, np.random.default_rng(0))
    assert found.shape == (3, 64, 64)
    assert found.made.fit.dtype == np.float32
    first = found.made.fit[0].reshape(found.shape)
    whole = large.x[int(found.made.fit_keys[0].partition("/")[2])]
    assert np.array_equal(first, whole[:, 3:67, 1:65])


def test_dealing_takes_little_more_memory_than_the_places_that_are_seen():
    generated, held_out = (Arrays(side(60, seed, (3, 96, 96)).x, 0.0, 1.0) for seed in (5, 6))
    tracemalloc.start()
    found = shown(generated, held_out, 2000, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    seen = 4 * 3 * 64 * 64 * 60  # bytes of one side
    kept = sum(half.nbytes for of in (found.made, found.real) for half in (of.fit, of.judged))
    assert kept < 2 * seen
    assert peak < 3.2 * seen  # both sides as they are dealt, and one in the order of its file


def test_a_network_fitted_on_single_precision_is_the_one_fitted_on_the_same_numbers_in_double():
    found = shown(side(150, 7), side(150, 8), 2000, np.random.default_rng(1))
    detector = convolved(found.made, found.real, found.shape, 20, np.random.default_rng(2))
    n = min(len(found.made), len(found.real))
    x = np.concatenate([found.made.fit[:n], found.real.fit[:n]]).astype(np.float64)
    net = Convolutions(found.shape, steps=20, seed=int(np.random.default_rng(2).integers(2**31)))
    net.fit(x, np.repeat([1, 0], n))
    judged = found.made.judged
    assert detector.scores(judged) == pytest.approx(net.predict_proba(judged.astype(np.float64))[:, 1], abs=1e-6)
    assert (net.centre, net.spread) == pytest.approx((x.mean(), x.std()), rel=1e-12)
    assert net.centres == pytest.approx(x.mean(axis=0), rel=1e-12)
    assert net.spreads == pytest.approx(x.std(axis=0), rel=1e-12)
