"""A small network of convolutions learns what can be learned, and no more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from genbench.stats.convolutions import Convolutions
from genbench.stats.roc import auc


def told(made: np.ndarray, real: np.ndarray, shape: tuple[int, int, int], steps: int = 200) -> float:
    """AUC on the second halves of a network fitted on the first."""
    n = len(made) // 2
    net = Convolutions(shape, steps=steps, seed=0).fit(
        np.concatenate([made[:n], real[:n]]), np.repeat([1, 0], (n, n)).astype(np.int64)
    )
    return auc(net.predict_proba(made[n:])[:, 1], net.predict_proba(real[n:])[:, 1])


def test_it_comes_near_the_best_detector_there_is_and_not_past_it():
    rng = np.random.default_rng(0)
    pattern = np.outer([1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]).ravel()
    made, real = 0.4 * pattern + rng.normal(size=(2000, 16)), rng.normal(size=(2000, 16))
    best = norm.cdf(0.4 * math.sqrt(16) / math.sqrt(2))  # of the likelihood ratio: 0.871
    assert best - 0.05 < told(made, real, (1, 4, 4)) < best + 0.02


def test_what_is_faint_beside_the_whole_is_seen_in_its_own_place():
    """A corner that is the same in all real items and hardly moves in outputs, as a sampler's noise on white paper."""
    rng = np.random.default_rng(1)
    made, real = 100 * rng.normal(size=(2, 300, 36))
    real[:, 0] = 0.0
    made[:, 0] = rng.choice([0.0, 0.5], size=300)
    assert told(made, real, (1, 6, 6)) == pytest.approx(0.75, abs=0.05)  # half of the outputs show it


def test_probabilities_are_probabilities_and_do_not_depend_on_company():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(60, 2 * 3 * 5)), np.arange(60) % 2
    net = Convolutions((2, 3, 5), steps=10, seed=1).fit(x, y)
    said = net.predict_proba(x)
    assert said.shape == (60, 2)
    assert said.sum(axis=1) == pytest.approx(1.0)
    assert net.predict_proba(x[7:8])[0] == pytest.approx(said[7], abs=1e-6)


def test_the_same_seed_gives_the_same_network_and_leaves_the_global_chance_alone():
    import torch

    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(50, 16)), np.arange(50) % 2
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, two, other = (Convolutions((1, 4, 4), steps=10, seed=s).fit(x, y).predict_proba(x) for s in (0, 0, 1))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_items_that_are_all_one_are_told_by_nothing():
    net = Convolutions((1, 4, 4), steps=5, seed=0).fit(np.ones((40, 16)), np.arange(40) % 2)
    said = net.predict_proba(np.ones((3, 16)))
    assert np.isfinite(said).all()
    assert np.ptp(said[:, 1]) < 1e-6
