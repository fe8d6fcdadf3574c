"""FLD's gap: its density by hand, EM against a direct search, unseen items at the floor, copies above it, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.score import Estimate
from genbench.probes.memorization.feature_likelihood import _likelihoods, feature_likelihood, variances


def run(x: np.ndarray, train: np.ndarray, held_out: np.ndarray, seed: int = 0) -> Estimate:
    rng = stream(seed, "fld")
    found = feature_likelihood(Features(x), Features(train), Features(held_out), rng=rng)["gap"]
    assert isinstance(found, Estimate)
    return found


def test_the_density_is_the_mean_of_its_gaussians():
    rng = np.random.default_rng(0)
    centres, items, others = rng.normal(size=(6, 3)), rng.normal(size=(20, 3)), rng.normal(size=(4, 3))
    squares = tuple(cdist(side, centres, "sqeuclidean") for side in (items, others))
    v = variances(squares[0], 3)
    by_hand = np.mean([multivariate_normal(c, s * np.eye(3)).pdf(others) for c, s in zip(centres, v, strict=True)], 0)
    assert _likelihoods(squares, 3)[1] == pytest.approx(100 / 3 * np.log(by_hand))


def test_the_variances_are_as_likely_as_a_direct_search_finds():
    rng = np.random.default_rng(1)
    squares = cdist(rng.normal(size=(40, 2)), rng.normal(size=(5, 2)), "sqeuclidean")

    def loss(logs: np.ndarray) -> float:
        v = np.exp(logs)
        return -float(logsumexp(-squares / (2 * v) - np.log(v), axis=1).mean())

    found = minimize(loss, np.zeros(5), method="Nelder-Mead", options={"maxiter": 4000, "maxfev": 4000})
    assert loss(np.log(variances(squares, 2))) == pytest.approx(found.fun, abs=0.01)


def test_unseen_items_are_at_the_floor_and_copies_above_it():
    rng, draws = np.random.default_rng(2), lambda n: np.random.default_rng(n).normal(size=(120, 6))
    fresh = [run(draws(3 * i), draws(3 * i + 1), draws(3 * i + 2), i) for i in range(25)]
    assert np.mean([f.interval.low <= f.floor <= f.interval.high for f in fresh]) >= 0.88
    train, held_out = draws(100), draws(101)
    copied = run(train[rng.permutation(120)], train, held_out)
    assert copied.interval.low > copied.floor
    assert copied.value > 5 * abs(copied.floor)


def test_far_from_everything_nothing_is_gained():
    draws = lambda n: np.random.default_rng(n).normal(size=(100, 4))
    found = run(draws(0) + 50, draws(1), draws(2))
    assert abs(found.value) < 0.2 * abs(found.interval.high - found.interval.low) + 1


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(4).normal(size=(60, 3))
    with pytest.raises(NotApplicable, match="got 20 outputs"):
        run(x[:20], x, x)
    with pytest.raises(NotApplicable, match="the same features"):
        run(x, np.ones((60, 3)), x)
