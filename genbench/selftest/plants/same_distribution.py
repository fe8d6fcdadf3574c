"""Two samples of one distribution, small and large: no distance, no detector and no missing variety."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features
from genbench.selftest.plant import Scene, Silent, Trial, plant

D = 16
UP_TO_1000 = (100, 300, 1000)


@plant(
    doses=(100, 300, 1000, 10_000),
    must_stay_silent=(
        Silent("quality.frechet.distance", how="misses truth"),
        Silent("quality.kernel.mmd2", at=UP_TO_1000, how="misses truth"),
        Silent("quality.kernel.mmd2", at=UP_TO_1000, how="off floor"),
        Silent("quality.prdc.precision", at=(100, 300), how="off floor"),
        Silent("quality.prdc.recall", at=(100, 300), how="off floor"),
        Silent("quality.prdc.coverage", at=(100, 300), how="off floor"),
        Silent("misuse.detectability.auc", at=UP_TO_1000, how="misses truth"),
    ),
    trials=40,
    full=1000,
)
def same_distribution(dose: int, trial: Trial) -> Scene:
    """Outputs, held-out and training items, `dose` of each, are draws from one correlated Gaussian."""
    spread = trial.rng.normal(size=(D, D)) / np.sqrt(D)
    sides = {
        role: (Features(trial.rng.normal(size=(dose, D)) @ spread),) for role in ("generated", "held_out", "train")
    }
    truth = {"quality.frechet.distance": 0.0, "quality.kernel.mmd2": 0.0, "misuse.detectability.auc": 0.5}
    return Scene(sides, truth)
