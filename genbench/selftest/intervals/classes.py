"""Intervals of the distances of classes that share one covariance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genbench.core.evidence import Annotations, Features, Rng
from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plant import Scene
from genbench.selftest.plants.classes_in_other_shares import BROAD, REAL, G, classes_in_other_shares, of_classes
from genbench.selftest.plants.classes_in_other_shares import D as FEATURES
from genbench.selftest.plants.classes_pulled_apart import classes_pulled_apart

MEAN, WORST = "quality.class_frechet.mean", "quality.class_frechet.worst"
CLASSES, D, EACH = 10, 16, 12
NAMES = tuple(f"class {i}" for i in range(CLASSES))
WIDER = 1.3
TRUTH = D * (WIDER - 1) ** 2


def few(skewed: bool) -> Callable[[Rng], Scene]:
    """Ten classes of twelve outputs each, fewer than features; outputs 1.3 times as wide."""

    def draw(rng: Rng) -> Scene:
        centres = 3 * np.eye(CLASSES, D)
        sides: dict[str, tuple[object, ...]] = {}
        for role, each, scale in (("generated", EACH, WIDER), ("held_out", 20, 1.0), ("train", 20, 1.0)):
            labels = np.repeat(np.arange(CLASSES), each)
            size = (len(labels), D)
            rest = rng.exponential(size=size) - 1 if skewed else rng.normal(size=size)
            sides[role] = (Features(centres[labels] + scale * rest), Annotations(labels, NAMES))
        return Scene(sides)

    return draw


def in_other_shares(rng: Rng) -> Scene:
    """Of 200 outputs 140 are of a class that is broader than three others; outputs 1.3 times as wide."""
    made = of_classes(140, 200, rng, WIDER)
    return Scene({"generated": made, **{role: of_classes(REAL // G, REAL, rng) for role in ("held_out", "train")}})


IN_OTHER_SHARES = FEATURES * (G - 1 + BROAD**2) / G * (WIDER - 1) ** 2

CASES = (
    Case("jackknife, classes of one covariance", "four classes made well", 0.0,
         by_probe(MEAN, planted(classes_pulled_apart, 0.0)), (MEAN,)),
    Case("jackknife, classes of one covariance", "four classes moved against one another", 1.5,
         by_probe(MEAN, planted(classes_pulled_apart, 1.0)), (MEAN,)),
    Case("jackknife, classes of one covariance", "ten classes of twelve outputs, too wide", TRUTH,
         by_probe(MEAN, few(skewed=False)), (MEAN,)),
    Case("jackknife, classes of one covariance", "ten skewed classes of twelve outputs, too wide", TRUTH,
         by_probe(MEAN, few(skewed=True)), (MEAN,)),
    Case("jackknife, classes of one covariance", "one of four classes broader, in other shares", 0.0,
         by_probe(MEAN, planted(classes_in_other_shares, 0.7)), (MEAN,)),
    Case("jackknife, classes of one covariance", "one of four classes broader, in other shares, too wide",
         IN_OTHER_SHARES, by_probe(MEAN, in_other_shares), (MEAN,)),
    Case("bands over all classes, one covariance", "one of four classes broader, in other shares, the worst", 0.0,
         by_probe(WORST, planted(classes_in_other_shares, 0.7)), (WORST,)),
    Case("bands over all classes, one covariance", "four classes made well, the worst", 0.0,
         by_probe(WORST, planted(classes_pulled_apart, 0.0)), (WORST,)),
    Case("bands over all classes, one covariance", "four classes moved against one another, the worst", 4.0,
         by_probe(WORST, planted(classes_pulled_apart, 1.0)), (WORST,)),
)  # fmt: skip
