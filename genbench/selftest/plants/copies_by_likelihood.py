"""Few items and many copies, for scores that fit a density to the outputs and so cost too much to plant often."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

D, REAL = 6, 120
METRIC = "memorization.feature_likelihood.gap"


@plant(
    doses=(0.0, 0.2, 1.0),
    must_hear=(Heard(METRIC, since=1.0, how="off floor"),),
    must_stay_silent=(Silent(METRIC, at=(0.0,), how="off floor"),),
    trials=15,
    full=100,
)
def copies_by_likelihood(dose: float, trial: Trial) -> Scene:
    """Unit normals in 6 dimensions; each of as many outputs is a training item with probability `dose`."""
    train, held_out, made = (trial.rng.normal(size=(REAL, D)) for _ in range(3))
    copied = trial.rng.random(REAL) < dose
    made = np.where(copied[:, None], train[trial.rng.permutation(REAL)], made)
    roles = {"generated": made, "train": train, "held_out": held_out}
    return Scene({role: (Features(x),) for role, x in roles.items()})
