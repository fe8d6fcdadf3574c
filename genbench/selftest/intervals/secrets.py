"""Intervals of what is known of planted secrets, whose scores lie one deviation above those of others."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom, norm

from genbench.core.evidence import Rng
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants.secrets_planted import NEVER, secrets_planted


def _one_deviation(rng: Rng) -> Scene:
    return secrets_planted(1.0, Trial(0, rng, 0))


def _bits() -> float:
    """E log2(m + 1) - log2(1 + B), B ~ Binomial(m, P(N(0, 1) > s)), s ~ N(1, 1): Gauss-Hermite over s."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    counts = np.arange(NEVER + 1)
    ranks = np.array([binom.pmf(counts, NEVER, norm.sf(1 + s)) @ np.log2(1 + counts) for s in nodes])
    return math.log2(NEVER + 1) - float(weights @ ranks / weights.sum())


CASES = (
    Case("Wilson, and order statistics for the threshold", "16 secrets one deviation above 320",
         float(norm.sf(norm.isf(0.01) - 1)), by_probe("memorization.exposure.told", _one_deviation),
         ("memorization.exposure.told", "memorization.exposure.told_once")),
    Case("Student's over secrets, jackknife over the others", "16 secrets one deviation above 320", _bits(),
         by_probe("memorization.exposure.exposure", _one_deviation), ("memorization.exposure.exposure",)),
)  # fmt: skip
