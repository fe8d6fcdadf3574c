"""Streamed scores are those of all distances: also with copies, ties, duplicates, and far from the origin."""

import numpy as np
import pytest

from genbench.stats import manifold
from genbench.stats.manifold import radii, scores
from genbench.stats.prdc import measure


def dense(real, fake, k):
    return measure(real.astype(np.float64), fake.astype(np.float64)).scores(
        np.arange(len(real)), np.arange(len(fake)), k
    )


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(manifold, "BLOCK", 32)
    monkeypatch.setattr(manifold, "PAIRS", 50)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "m", "d"), [(150, 130, 4), (97, 200, 60), (40, 10, 3), (33, 65, 2)])
def test_scores_are_those_of_all_distances(n, m, d, dtype):
    rng = np.random.default_rng(n)
    real, fake = rng.normal(size=(n, d)).astype(dtype), rng.normal(0.3, 1.1, size=(m, d)).astype(dtype)
    assert scores(real, fake, 5) == dense(real, fake, 5)


def test_copies_and_ties_far_from_the_origin_are_decided_exactly():
    """Whole numbers, so that many distances tie; a million away, where float32 alone knows nothing of them."""
    rng = np.random.default_rng(0)
    real = rng.integers(0, 4, size=(120, 3)).astype(np.float64)
    fake = np.concatenate([real[:60], rng.integers(0, 4, size=(50, 3))])
    expected = dense(real, fake, 3)
    assert scores(real + 1e6, fake + 1e6, 3) == expected
    two = np.concatenate([real[:60] - 1e7, real[60:] + 1e7])  # about the common mean every square is rounding
    assert scores(two, two[::2].copy(), 3) == dense(two, two[::2], 3)


def test_copies_are_at_exactly_zero_far_from_the_origin():
    rows = np.random.default_rng(1).normal(size=(60, 40)) + 1e5
    twice = np.concatenate([rows, rows])
    assert np.all(radii(twice, twice.mean(axis=0), 1) == 0.0)
    found = scores(rows, rows.copy(), 5)
    assert found["precision"] == found["recall"] == found["coverage"] == 1.0
    assert scores(twice, twice, 1) == dense(twice, twice, 1)  # balls of radius 0 hold their copies


def test_constant_rows_have_scores():
    flat = np.full((50, 3), 0.1)
    assert scores(flat, flat, 5) == dense(flat, flat, 5)
    assert scores(flat, flat + 1, 5) == {"precision": 0.0, "recall": 0.0, "density": 0.0, "coverage": 0.0}


def test_radii_are_those_of_all_distances_where_a_crowd_hides_in_the_rounding():
    rng = np.random.default_rng(2)
    crowd = np.concatenate([rng.normal(size=(200, 5)) * 1e-4 + 3, rng.normal(size=(5, 5)) * 100])
    distances = np.sqrt(np.square(crowd[:, None] - crowd[None]).sum(-1))
    np.fill_diagonal(distances, np.inf)
    expected = np.sort(distances, axis=1)[:, 3]
    assert radii(crowd, crowd.mean(axis=0), 4) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="5 neighbours among 4 points"):
        radii(crowd[:5], crowd[:5].mean(axis=0), 5)
