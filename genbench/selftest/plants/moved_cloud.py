"""Outputs moved and widened by known amounts, in a cloud that is not round: what extrapolation in 1/n must find."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

D, REAL = 8, 400
METRIC = "quality.frechet_infinity.distance"


@plant(
    doses=(0.0, 0.2, 0.5),
    must_hear=(Heard(METRIC, since=0.5, how="off floor"),),
    must_stay_silent=(Silent(METRIC, how="misses truth"), Silent(METRIC, at=(0.0,), how="off floor")),
    trials=30,
    full=300,
)
def moved_cloud(dose: float, trial: Trial) -> Scene:
    """Independent normals of spreads 0.5 to 2; outputs moved by `dose` and 1 + `dose` times as wide, in each of 8.

    The squared distance of independent coordinates is the sum of dose^2 and (dose spread)^2.
    """
    spread = np.linspace(0.5, 2.0, D)
    real = {role: (Features(spread * trial.rng.normal(size=(REAL, D))),) for role in ("held_out", "train")}
    made = dose + (1 + dose) * spread * trial.rng.normal(size=(trial.n, D))
    truth = D * dose**2 + float(np.square(dose * spread).sum())
    return Scene({**real, "generated": (Features(made),)}, {METRIC: truth})
