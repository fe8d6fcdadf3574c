"""Rows of classes: the pooled covariance, and squared distances of means that are unbiased whatever the breadths."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.stats.classed import Classed, shifts, within

SIZES, BREADTHS, D = (60, 12, 8), np.array([1.0, 3.0, 0.5]), 6


def drawn(rng: np.random.Generator, moved: float = 0.0, sizes: tuple[int, ...] = SIZES) -> Classed:
    labels = np.repeat(np.arange(3), sizes)
    x = BREADTHS[labels, None] * rng.normal(size=(len(labels), D)) + 5 * np.eye(3, D)[labels]
    x[labels == 1, 5] += moved
    return Classed(x, labels)


def test_classes_count_in_both_covariances_as_they_do_among_real_rows():
    rng = np.random.default_rng(0)
    made, real = drawn(rng), drawn(rng, sizes=(10, 20, 30))
    for side, found in zip((made, real), within(made, real), strict=True):
        own = [np.cov(side.x[side.labels == k], rowvar=False) for k in range(3)]
        assert found.covariance == pytest.approx((9 * own[0] + 19 * own[1] + 29 * own[2]) / 57)
        assert found.traces == pytest.approx([np.trace(c) for c in own])
        assert np.trace(found.covariance) == pytest.approx(found.trace)
        assert found.shares @ found.breadths == pytest.approx(1)
        assert found.rest.mean(axis=0) == pytest.approx(0, abs=1e-12)


def test_distances_of_means_are_unbiased_and_their_errors_right_for_classes_of_unlike_breadth_and_size():
    rng = np.random.default_rng(1)
    found = [shifts(*within(drawn(rng, moved=2.0), drawn(rng))) for _ in range(600)]
    values, variances = np.array([f.values for f in found]), np.array([f.variances for f in found])
    spread = values.std(axis=0)
    assert (np.abs(values.mean(axis=0) - [0, 4, 0]) < 4 * spread / 600**0.5).all()
    assert np.sqrt(variances.mean(axis=0)) == pytest.approx(spread, rel=0.25)


def test_the_noise_is_that_of_the_formula():
    """2 tr V^2, V_k = (tr S_k / tr S) S / n_k of either side; by the matrices themselves."""
    rng = np.random.default_rng(2)
    made, real = within(drawn(rng), drawn(rng, sizes=(10, 20, 30)))
    found = shifts(made, real)
    for k in range(3):
        V = sum(side.traces[k] / side.trace * side.covariance / side.sizes[k] for side in (made, real))
        v = made.means[k] - real.means[k]
        assert found.noise[k] == pytest.approx(2 * np.trace(V @ V))
        assert found.slopes[k] == pytest.approx(4 * v @ V @ v / (v @ v))


def test_rows_without_breadth_have_no_noise():
    still = Classed(np.ones((10, 2)), np.repeat([0, 1], 5))
    found = shifts(*within(still, still))
    assert found.values.tolist() == found.variances.tolist() == found.slopes.tolist() == [0, 0]
