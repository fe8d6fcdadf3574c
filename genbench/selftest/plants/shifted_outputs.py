"""Outputs that lie beside the real items by a known distance."""

from __future__ import annotations

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

D, REAL = 16, 500
FRECHET, KERNEL, DETECTED = "quality.frechet.distance", "quality.kernel.mmd2", "misuse.detectability.auc"


@plant(
    doses=(0.0, 0.1, 0.2, 0.4),
    must_hear=(
        Heard(FRECHET, since=0.2, how="off floor"),
        Heard(KERNEL, since=0.2, how="off floor"),
        Heard(DETECTED, since=0.4, how="above truth"),
    ),
    must_stay_silent=(
        Silent(FRECHET, how="misses truth"),
        Silent(KERNEL, at=(0.0,), how="off floor"),
        Silent(DETECTED, at=(0.0,), how="above truth"),
    ),
    trials=40,
)
def shifted_outputs(dose: float, trial: Trial) -> Scene:
    """Unit Gaussians, the outputs' moved by `dose` in each of 16 dimensions: a squared distance of 16 dose^2."""
    real = {role: (Features(trial.rng.normal(size=(REAL, D))),) for role in ("held_out", "train")}
    made = Features(dose + trial.rng.normal(size=(trial.n, D)))
    return Scene({**real, "generated": (made,)}, {FRECHET: D * dose**2, DETECTED: 0.5})
