"""Outputs that lie beside the real items by a known distance."""

from __future__ import annotations

import math

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

D, REAL = 16, 500
FRECHET, KERNEL, DETECTED = "quality.frechet.distance", "quality.kernel.mmd2", "misuse.detectability.auc"
GAUSSIAN, BANDWIDTH = "quality.mmd.thousandths", 5.0


@plant(
    doses=(0.0, 0.1, 0.2, 0.4),
    must_hear=(
        Heard(FRECHET, since=0.2, how="off floor"),
        Heard(KERNEL, since=0.2, how="off floor"),
        Heard(GAUSSIAN, since=0.2, how="off floor"),
        Heard(DETECTED, since=0.4, how="above truth"),
    ),
    must_stay_silent=(
        Silent(FRECHET, how="misses truth"),
        Silent(KERNEL, at=(0.0,), how="off floor"),
        Silent(GAUSSIAN, at=(0.0,), how="off floor"),
        Silent(GAUSSIAN, how="misses truth"),
        Silent(DETECTED, at=(0.0,), how="above truth"),
    ),
    trials=40,
)
def shifted_outputs(dose: float, trial: Trial) -> Scene:
    """Unit Gaussians, the outputs' moved by `dose` in each of 16 dimensions: a squared distance of 16 dose^2."""
    real = {role: (Features(trial.rng.normal(size=(REAL, D))),) for role in ("held_out", "train")}
    made = Features(dose + trial.rng.normal(size=(trial.n, D)))
    truth = {FRECHET: D * dose**2, GAUSSIAN: _gaussian_mmd(D * dose**2), DETECTED: 0.5}
    return Scene({**real, "generated": (made,)}, truth, {"quality.mmd": {"bandwidth": BANDWIDTH}})


def _gaussian_mmd(squared: float) -> float:
    """2000 (1 + 2/s^2)^(-D/2) (1 - exp(-|shift|^2 / (2 (s^2 + 2)))), s the bandwidth."""
    s2 = BANDWIDTH**2
    return 2000 * math.pow(1 + 2 / s2, -D / 2) * (1 - math.exp(-squared / (2 * (s2 + 2))))
