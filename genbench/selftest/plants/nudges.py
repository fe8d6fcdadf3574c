"""Outputs that move by a known share when their latents are nudged."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

MOVEMENT, D = "robustness.stability.movement", 8


@plant(
    doses=(0.0, 0.1, 0.5, 1.0),
    must_hear=(Heard(MOVEMENT, since=0.1, how="off floor"),),
    must_stay_silent=(
        Silent(MOVEMENT, at=(0.0,), how="off floor"),
        Silent(MOVEMENT, how="misses truth"),
        Silent(MOVEMENT, how="refused: "),
    ),
    trials=40,
)
def nudges(dose: float, trial: Trial) -> Scene:
    """Outputs equal to normal latents, nudged at strength s: the movement is sqrt(1 - sqrt(1 - s^2))."""
    z, e, fresh = trial.rng.normal(size=(3, trial.n, D))
    moved = np.sqrt(1 - dose**2) * z + dose * e
    sides = {"anchor": z, "perturbed": moved, "again": fresh}
    truth = float(np.sqrt(1 - np.sqrt(1 - dose**2)))
    return Scene({role: (Features(x),) for role, x in sides.items()}, {MOVEMENT: truth})
