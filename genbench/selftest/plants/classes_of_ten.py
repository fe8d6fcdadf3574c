"""Outputs in fewer classes than the data has, as an annotator with probabilities sees them."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from genbench.core.evidence import Annotations
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

K, REAL = 10, 500
METRIC = "quality.classifier_score.score"
SURE = 0.91  # probability of the class it says; the others share the rest


@plant(
    doses=(0, 1, 5),
    must_hear=(Heard(METRIC, since=1, how="off floor"),),
    must_stay_silent=(Silent(METRIC, at=(0,), how="off floor"), Silent(METRIC, at=(5,), how="misses truth")),
    trials=60,
)
def classes_of_ten(dose: int, trial: Trial) -> Scene:
    """`dose` of ten even classes are missing; the truth is exp(H(mean p) - H(p))."""
    rows = np.full((K, K), (1 - SURE) / (K - 1))
    np.fill_diagonal(rows, SURE)
    names = tuple(f"class {i}" for i in range(K))
    drawn = (trial.rng.integers(dose, K, trial.n), trial.rng.integers(0, K, REAL))
    shown, real = (Annotations(labels, names, probabilities=rows[labels]) for labels in drawn)
    truth = math.exp(_entropy(rows[dose:].mean(axis=0)) - _entropy(rows[0]))
    return Scene({"generated": (shown,), "held_out": (real,)}, {METRIC: truth})


def _entropy(p: Float[np.ndarray, " k"]) -> float:
    return -float((p * np.log(p)).sum())
