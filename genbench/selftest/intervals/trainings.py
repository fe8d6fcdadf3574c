"""Intervals of a family's mean over few trainings, and of how much trainings differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case
from genbench.stats.nested import compare_families, nested, shared_difference, shared_variance

TAU, N = 0.3, 100  # training noise, and items; an item's own noise is 1 and its difficulty, shared by all, 2


def _members(rng: Rng, k: int, difficulty: np.ndarray, tau: float = TAU) -> np.ndarray:
    """Values [k n] of k trainings at the same items, whose mean is 0 over trainings and items."""
    values: np.ndarray = tau * rng.normal(size=(k, 1)) + difficulty + rng.normal(size=(k, len(difficulty)))
    return values


def _family(k: int) -> Callable[[Rng], Interval]:
    def draw(rng: Rng) -> Interval:
        seen = _members(rng, k, 2 * rng.normal(size=N))
        errors = seen.std(axis=1, ddof=1) / N**0.5
        return nested(seen.mean(axis=1).tolist(), errors.tolist(), shared=shared_variance(seen)).interval

    return draw


def _apart(tau: float, k: int) -> Callable[[Rng], Interval]:
    """Members that share no items: how much training makes them differ."""

    def draw(rng: Rng) -> Interval:
        values = tau * rng.normal(size=k) + 0.1 * rng.normal(size=k)
        return nested(values.tolist(), [0.1] * k).training_interval

    return draw


def _families(rng: Rng) -> Interval:
    difficulty = 2 * rng.normal(size=N)
    a, b = _members(rng, 3, difficulty), 0.2 + _members(rng, 5, difficulty, 2 * TAU)
    shared = shared_difference(a, b)
    means = [side.mean(axis=1).tolist() for side in (a, b)]
    return compare_families(means[0], means[1], better="lower", shared=shared).interval


CASES = (
    Case("trainings as units", "mean of 3 trainings at 100 shared items", 0.0, _family(3)),
    Case("trainings as units", "mean of 8 trainings at 100 shared items", 0.0, _family(8)),
    Case("training noise, chi-square", "0.3 beside sampling noise of 0.1, 3 trainings", 0.3, _apart(0.3, 3)),
    Case("training noise, chi-square", "none beside sampling noise of 0.1, 5 trainings", 0.0, _apart(0.0, 5)),
    Case("families, Welch", "0.2 worse, 3 trainings against 5 of twice the noise", 0.2, _families),
)
