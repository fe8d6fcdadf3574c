"""Invisible marks of known strength, and a detector that sees them everywhere."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from genbench.core.evidence import Marked
from genbench.selftest.plant import Dose, Heard, Scene, Silent, Trial, plant

FOUND, SURVIVES = "misuse.mark_survival.found", "misuse.mark_survival.survives"
FALSE = "misuse.mark_survival.false_alarms"
KEYS, RATE = 8, 0.01
LEFT = np.array([[0.9, 0.6, 0.1], [0.8, 0.4, 0.2]])  # of a mark's strength, by corruption and severity


@plant(
    doses=(0.0, 2.0, 8.0, "everywhere"),
    must_hear=(
        Heard(FOUND, at=(0.0, 2.0), how="off floor"),
        Heard(FOUND, at=("everywhere",), how="refused: finds a mark in"),
    ),
    must_stay_silent=(
        Silent(FOUND, at=(8.0,), how="off floor"),
        Silent(FOUND, at=(0.0, 2.0, 8.0), how="misses truth"),
        Silent(SURVIVES, at=(0.0, 2.0, 8.0), how="misses truth"),
        Silent(FALSE, at=(0.0, 2.0, 8.0), how="misses truth"),
    ),
    trials=40,
)
def marks_of_strength(dose: Dose, trial: Trial) -> Scene:
    """Scores standard normal without a mark, shifted by the dose with one; spoiling leaves a known part of that."""
    n, rng = trial.n, trial.rng
    everywhere = dose == "everywhere"
    strength = 0.0 if everywhere else float(dose)
    unmarked = rng.normal(size=(KEYS, n)) + (1.0 if everywhere else 0.0)
    spoiled = strength * LEFT[:, :, None] + rng.normal(size=(*LEFT.shape, n))
    shown = Marked(unmarked, strength + rng.normal(size=n), spoiled, np.full(n, 0.01), ("one", "other"), (1, 3, 5))
    z = norm.isf(RATE)
    truth = {FOUND: norm.sf(z - strength), SURVIVES: norm.sf(z - strength * LEFT[:, 1]).mean(), FALSE: RATE}
    return Scene({"generated": (shown,)}, {metric: float(value) for metric, value in truth.items()})
