"""Intervals of memorization seen by a blind judge, by angle and by a density of the outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import beta

from genbench.core.evidence import Features, Rng
from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.intervals.distances import alike, apart
from genbench.selftest.plant import Scene
from genbench.selftest.plants.copies_by_likelihood import copies_by_likelihood
from genbench.selftest.plants.items_made_again import items_made_again

BLIND, MIFID = "memorization.reconstruction.blind_auc", "memorization.mifid"


def _far(rng: Rng) -> Scene:
    """No penalty: the threshold lies below any mean angle."""
    return replace(apart(rng), settings={MIFID: {"threshold": 1e-4}})


def _penalized(rng: Rng) -> Scene:
    """Outputs half again as wide, a squared distance of 4 x 0.5^2; all of it is divided by the mean angle."""
    sides = {"generated": (1.5, 150), "held_out": (1.0, 120), "train": (1.0, 120)}
    made: dict[str, tuple[object, ...]] = {s: (Features(w * rng.normal(size=(n, 4))),) for s, (w, n) in sides.items()}
    return Scene(made, settings={MIFID: {"threshold": 1.0}})


def _angle() -> float:
    """E min_i (1 - |cos_i|) over 120 random directions in 4 dimensions: cos^2 ~ Beta(1/2, 3/2)."""
    u = np.linspace(0, 1, 20_001)
    return float(np.trapezoid(beta.cdf((1 - u) ** 2, 0.5, 1.5) ** 120, u))


CASES = (
    Case("DeLong of a blind judge", "items made again like others", 0.5,
         by_probe(BLIND, planted(items_made_again, 0.0)), (BLIND,)),
    Case("Student's with the floor's error", "mean angle past that of unseen items", 0.0,
         by_probe(f"{MIFID}.nearness", alike, from_floor=True), (f"{MIFID}.nearness",)),
    Case("ends of two factors multiplied", "distance 1.36, no penalty", 1.36, by_probe(f"{MIFID}.penalized", _far),
         (f"{MIFID}.penalized",)),
    Case("ends of two factors multiplied", "distance 1, divided by the mean angle", 1 / _angle(),
         by_probe(f"{MIFID}.penalized", _penalized), (f"{MIFID}.penalized",)),
    Case("jackknife over outputs, with the floor's error", "gap in likelihood past that of real items", 0.0,
         by_probe("memorization.feature_likelihood.gap", planted(copies_by_likelihood, 0.0), from_floor=True),
         ("memorization.feature_likelihood.gap",)),
)  # fmt: skip
