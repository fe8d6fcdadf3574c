"""Calibration error: the U-statistic against its definition, ECE by hand, and intervals that hold the truth."""

import itertools

import numpy as np
import pytest

from genbench.stats.calibration import bins_of, calibrated_ece, calibration_error, expected_calibration_error


def test_bins_are_closed_above():
    assert bins_of(np.array([0.0, 0.1, 0.1001, 0.95, 1.0]), 10).tolist() == [0, 0, 1, 9, 9]


def test_ece_by_hand():
    """Two answers 0.6 sure, one right: gap 0.1; one 0.9 sure and right: gap 0.1. (2 x 0.1 + 1 x 0.1) / 3."""
    found = expected_calibration_error(np.array([0.6, 0.6, 0.9]), np.array([1.0, 0.0, 1.0]))
    assert found == pytest.approx(0.1)


def test_the_square_is_the_mean_product_of_different_clusters():
    rng = np.random.default_rng(0)
    n = 40
    confidence, cluster = rng.uniform(0.5, 1, n), rng.integers(12, size=n)
    right = (rng.random(n) < 0.3).astype(np.float64)
    d, at = right - confidence, bins_of(confidence, 10)
    value = 0.0
    for b in np.unique(at):
        inside = np.flatnonzero(at == b)
        pairs = [(i, j) for i, j in itertools.permutations(inside, 2) if cluster[i] != cluster[j]]
        value += len(inside) / n * np.mean([d[i] * d[j] for i, j in pairs])
    assert calibration_error(confidence, right, cluster).error == pytest.approx(np.sqrt(value))


@pytest.mark.parametrize(("gap", "each"), [(0.0, 1), (0.1, 1), (0.1, 4), (0.3, 4)])
def test_intervals_hold_the_truth_and_a_calibrated_model_is_not_accused(gap, each):
    held, trials = 0, 200
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(100), each)
        confidence = rng.uniform(0.4, 1, len(cluster))
        luck = np.where(rng.random(len(cluster)) < 0.5, rng.random(100)[cluster], rng.random(len(cluster)))
        found = calibration_error(confidence, (luck < confidence - gap).astype(np.float64), cluster)
        held += found.interval.low <= gap <= found.interval.high
    assert held / trials >= 0.93


def test_a_calibrated_model_shows_an_ece_all_the_same():
    """One bin of n: E|mean gap| = sqrt(2 p (1 - p) / (pi n))."""
    expected = np.sqrt(2 * 0.75 * 0.25 / (np.pi * 500))
    assert calibrated_ece(np.full(500, 0.75), np.random.default_rng(0), draws=2000) == pytest.approx(expected, rel=0.1)


def test_one_cluster_tells_nothing():
    with pytest.raises(ValueError, match="one cluster"):
        calibration_error(np.array([0.7, 0.7]), np.array([1.0, 0.0]), np.array(["p", "p"]))
