"""Intervals of distances between two samples, and of what nearest neighbours say of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from genbench.core.evidence import Features, Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene
from genbench.stats.frechet import extrapolated
from genbench.stats.kernel import mmd

# Means of 100,000 draws where no formula is known; `tests/selftest/test_coverage_cases.py` draws some of them again.
PLUG_IN = 1.5669  # of `apart`: the plug-in distance as 150 and 120 rows overestimate it
PRECISION = 0.9691  # of `alike`: 200 rows of one distribution twice, k = 5


def _frechet(mean: float, scale: float, sizes: tuple[int, int], d: int) -> Callable[[Rng], Interval]:
    def draw(rng: Rng) -> Interval:
        return extrapolated(rng.normal(mean, scale, (sizes[0], d)), rng.normal(size=(sizes[1], d)), rng=rng).interval()

    return draw


def _kernel(shift: float, real: Callable[[Rng], np.ndarray]) -> Callable[[Rng], Interval]:
    return lambda rng: mmd(shift + real(rng)[:, None], real(rng)[:, None]).interval()


def _cubic(shift: float, moments: tuple[float, float, float]) -> float:
    """Squared MMD of a variable with these moments and the same moved by `shift`, kernel (xy + 1)^3: 3 D1^2 + 3 D2^2 +
    D3^2, D the differences of moments."""
    m1, m2, _ = moments
    second, third = 2 * shift * m1 + shift**2, 3 * shift * m2 + 3 * shift**2 * m1 + shift**3
    return 3 * shift**2 + 3 * second**2 + third**2


def _normal(rng: Rng) -> np.ndarray:
    return rng.normal(size=200)


def _half_normal(rng: Rng) -> np.ndarray:
    return np.abs(rng.normal(size=200))


def _exponential(rng: Rng) -> np.ndarray:
    return rng.exponential(size=200)


NORMAL, HALF_NORMAL = (0.0, 1.0, 0.0), (math.sqrt(2 / math.pi), 1.0, 2 * math.sqrt(2 / math.pi))
EXPONENTIAL = (1.0, 2.0, 6.0)


def alike(rng: Rng) -> Scene:
    return Scene({role: (Features(rng.normal(size=(200, 4))),) for role in ("generated", "held_out", "train")})


def apart(rng: Rng) -> Scene:
    real = {role: (Features(rng.normal(size=(120, 4))),) for role in ("held_out", "train")}
    return Scene({"generated": (Features(rng.normal(0.3, 1.5, (150, 4))),), **real})


def _detected(rng: Rng) -> Scene:
    return Scene({role: (Features(rng.normal(size=(120, 4))),) for role in ("generated", "held_out", "train")})


CASES = (
    Case("Fréchet, infinitesimal jackknife", "same distribution, d = 8", 0.0, _frechet(0.0, 1.0, (200, 200), 8),
         ("quality.frechet.distance",)),
    Case("Fréchet, infinitesimal jackknife", "distance 1.36, d = 4", 1.36, _frechet(0.3, 1.5, (150, 120), 4),
         ("quality.frechet.distance",)),
    Case("Fréchet, infinitesimal jackknife", "distance 0.0625, d = 1", 0.0625, _frechet(0.25, 1.0, (200, 200), 1),
         ("quality.frechet.distance",)),
    Case("Fréchet, plug-in for its own mean", "distance 1.36, d = 4", PLUG_IN,
         by_probe("quality.frechet.plug_in", apart), ("quality.frechet.plug_in",)),
    Case("MMD, variance of the U-statistic", "same distribution", 0.0, _kernel(0.0, _normal), ("quality.kernel.mmd2",)),
    Case("MMD, variance of the U-statistic", "normal, moved by a quarter", _cubic(0.25, NORMAL),
         _kernel(0.25, _normal), ("quality.kernel.mmd2",)),
    Case("MMD, variance of the U-statistic", "normal, moved by one", _cubic(1.0, NORMAL), _kernel(1.0, _normal),
         ("quality.kernel.mmd2",)),
    Case("MMD, variance of the U-statistic", "skewed (half normal), moved by a half", _cubic(0.5, HALF_NORMAL),
         _kernel(0.5, _half_normal), ("quality.kernel.mmd2",)),
    Case("MMD, variance of the U-statistic", "skewed (exponential), moved by one", _cubic(1.0, EXPONENTIAL),
         _kernel(1.0, _exponential), ("quality.kernel.mmd2",)),
    Case("delete-group jackknife", "coverage of one distribution twice",
         1 - math.prod((199 - i) / (399 - i) for i in range(5)),
         by_probe("quality.prdc.coverage", alike), ("quality.prdc.coverage",)),
    Case("delete-group jackknife", "density of one distribution twice", 1.0,
         by_probe("quality.prdc.density", alike), ("quality.prdc.density",)),
    Case("delete-group jackknife", "precision of one distribution twice", PRECISION,
         by_probe("quality.prdc.precision", alike), ("quality.prdc.precision",)),
    Case("delete-group jackknife", "recall of one distribution twice", PRECISION,
         by_probe("quality.prdc.recall", alike), ("quality.prdc.recall",)),
    Case("jackknife of an entropy", "variety of one distribution twice", 1.0,
         by_probe("quality.diversity.relative", alike), ("quality.diversity.relative",)),
    Case("jackknife of an entropy, with the floor's error", "Vendi score past that of real items", 0.0,
         by_probe("quality.diversity.vendi", alike, from_floor=True), ("quality.diversity.vendi",)),
    Case("ratio of two U-statistics", "spread of one distribution twice", 1.0,
         by_probe("quality.diversity.spread", alike), ("quality.diversity.spread",)),
    Case("DeLong of a detector", "real against real", 0.5, by_probe("misuse.detectability.auc", _detected),
         ("misuse.detectability.auc",)),
)  # fmt: skip
