"""Outputs that answer to spoiled inputs by a known gain."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Sweep
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

MOVEMENT, EXCESS = "robustness.corruption.movement", "robustness.corruption.excess"
D = 6
SPREADS = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.8]])  # of each corruption at each severity


@plant(
    doses=(0.0, 1.0, 2.0),
    must_hear=(Heard(EXCESS, at=(2.0,), how="off floor"), Heard(MOVEMENT, at=(1.0, 2.0), how="off floor")),
    must_stay_silent=(
        Silent(EXCESS, at=(1.0,), how="off floor"),
        Silent(MOVEMENT, at=(0.0,), how="off floor"),
        Silent(EXCESS, how="misses truth"),
        Silent(MOVEMENT, how="misses truth"),
    ),
    trials=40,
)
def spoiled_inputs(dose: float, trial: Trial) -> Scene:
    """Normal inputs x, spoiled by noise of spread s; outputs x + dose noise: they move by dose s / sqrt 2."""
    x = trial.rng.normal(size=(trial.n, D))
    noise = SPREADS[:, :, None, None] * trial.rng.normal(size=(*SPREADS.shape, trial.n, D))
    sweep = Sweep(x + noise, x + dose * noise, x, x, ("one", "other"), (1, 3, 5))
    by_input = float(SPREADS.mean() / np.sqrt(2))
    return Scene({"source": (sweep,)}, {MOVEMENT: dose * by_input, EXCESS: (dose - 1) * by_input})
