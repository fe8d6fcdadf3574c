"""Outputs of which some lie within an attacker's budget of real items and the others far beyond it."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Arrays
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

METRIC = "robustness.evasion.evaded"
SHAPE, SPREAD, BUDGET = (1, 4, 4), 0.02, 0.15
NEAR, FAR = 0.1, 0.5  # how much brighter than real items; the budget takes back the one, and of the other a third
STEPS = 40


@plant(
    doses=(0.0, 0.3, 0.8),
    must_hear=(Heard(METRIC, since=0.3, how="off floor"),),
    must_stay_silent=(Silent(METRIC, at=(0.0,), how="off floor"), Silent(METRIC, how="misses truth")),
    trials=10,
    full=100,
)
def near_the_real(dose: float, trial: Trial) -> Scene:
    """Grey squares about 0.3 for real items; outputs are brighter, `dose` of them by little."""
    n = max(trial.n, 200)
    near = trial.rng.random(n) < dose
    sides = {
        "generated": 0.3 + np.where(near, NEAR, FAR)[:, None, None, None] + SPREAD * trial.rng.normal(size=(n, *SHAPE)),
        "held_out": 0.3 + SPREAD * trial.rng.normal(size=(n, *SHAPE)),
    }
    settings = {METRIC.rpartition(".")[0]: {"learning": STEPS, "budget": BUDGET, "steps": 5}}
    return Scene({role: (Arrays(x, 0.0, 1.0),) for role, x in sides.items()}, {METRIC: dose}, settings)
