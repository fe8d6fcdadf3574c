"""Neighbours exactly, and PRDC against its definition."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from genbench.stats import neighbours
from genbench.stats.neighbours import nearest
from genbench.stats.prdc import measure, prdc, standard_errors


def test_neighbours_equal_sklearns_in_any_block(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(57, 5)), rng.normal(size=(41, 5))
    monkeypatch.setattr(neighbours, "BLOCK", 10)
    expected = NearestNeighbors(n_neighbors=3).fit(y).kneighbors(x)
    found = nearest(x, y, 3)
    assert found[0] == pytest.approx(expected[0])
    assert np.array_equal(found[1], expected[1])


def test_a_copy_is_at_exactly_zero_far_from_the_origin():
    points = np.random.default_rng(1).normal(size=(200, 300)) + 1e4
    assert np.all(nearest(points[:20].copy(), points)[0] == 0.0)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copies_and_near_misses_are_told_apart_far_from_the_origin(offset, dtype):
    rng = np.random.default_rng(5)
    points = (rng.normal(size=(300, 40)) + offset).astype(dtype)
    near = points[:30].astype(np.float64)
    near[:, 0] += 0.5
    assert np.all(nearest(points[:30].copy(), points)[0] == 0.0)
    distances, indices = nearest(near, points.astype(np.float64))
    assert distances[:, 0] == pytest.approx(0.5, abs=1e-8)
    assert np.array_equal(indices[:, 0], np.arange(30))


def test_rounding_hides_no_neighbour_between_two_distant_crowds():
    """About the common mean both crowds are 1e7 away, where squares round to 1/100; candidates alone would miss."""
    rng = np.random.default_rng(6)
    crowd = rng.normal(size=(200, 3)) * 1e-3
    points = np.concatenate([crowd - 1e7, crowd + 1e7])
    queries = points[:50] + 1e-5
    expected = np.sqrt(((queries[:, None] - points[None]) ** 2).sum(2)).min(1)
    assert nearest(queries, points)[0][:, 0] == pytest.approx(expected)


def test_constant_points_are_at_zero():
    assert np.all(nearest(np.full((5, 3), 0.1), np.full((30, 3), 0.1), 4)[0] == 0.0)


def test_oneself_is_left_out_by_place_and_a_twin_is_not():
    x = np.array([[0.0], [0.0], [5.0], [9.0]])
    distances, indices = nearest(x, x, 1, exclude_self=True)
    assert distances[:, 0].tolist() == [0.0, 0.0, 4.0, 4.0]
    assert indices[:2, 0].tolist() == [1, 0]


def naive(real, fake, k):
    d = lambda a, b: np.linalg.norm(a[:, None] - b[None], axis=2)
    radius = lambda a: np.sort(d(a, a), axis=1)[:, k]
    rf, r, f = d(real, fake), radius(real), radius(fake)
    return {
        "precision": np.mean([any(rf[i, j] <= r[i] for i in range(len(real))) for j in range(len(fake))]),
        "recall": np.mean([any(rf[i, j] <= f[j] for j in range(len(fake))) for i in range(len(real))]),
        "density": sum(rf[i, j] <= r[i] for i in range(len(real)) for j in range(len(fake))) / (k * len(fake)),
        "coverage": np.mean([any(rf[i, j] <= r[i] for j in range(len(fake))) for i in range(len(real))]),
    }


def test_prdc_equals_its_definition():
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(60, 3)), rng.normal(0.5, 1.2, size=(50, 3))
    assert prdc(real, fake, 3) == pytest.approx(naive(real, fake, 3))


def test_coverage_of_the_truth_is_its_closed_form():
    # n real and n fake of one distribution: 1 - (n-1)...(n-k) / ((2n-1)...(2n-k)), about 1 - 2^-k (Naeem et al.)
    rng = np.random.default_rng(3)
    n, k = 400, 5
    expected = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])
    found = np.mean([prdc(rng.normal(size=(n, 8)), rng.normal(size=(n, 8)), k)["coverage"] for _ in range(10)])
    assert found == pytest.approx(expected, abs=0.01)


def test_the_jackknife_tells_the_spread():
    rng = np.random.default_rng(4)
    runs = []
    for _ in range(150):
        balls = measure(rng.normal(size=(150, 4)), rng.normal(0.6, 0.8, size=(150, 4)))
        scores = balls.scores(np.arange(150), np.arange(150), 5)
        runs.append((scores, standard_errors(balls, 5, rng=rng)))
    for name in ("precision", "recall", "density", "coverage"):
        spread = np.std([scores[name] for scores, _ in runs])
        told = np.sqrt(np.mean([errors[name] ** 2 for _, errors in runs]))
        assert 0.75 * spread < told < 2.0 * spread, name
