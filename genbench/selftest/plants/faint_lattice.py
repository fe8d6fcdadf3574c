"""Outputs that bear a faint lattice, as upsampling may leave one: no single place tells, and all together do."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Arrays
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

METRIC = "misuse.detectability_raw.auc"
SHAPE = (1, 8, 8)
LATTICE = 1.0 - 2.0 * (np.indices(SHAPE[1:]).sum(axis=0) % 2)  # +1 and -1 in turn: [8 8]
STEPS = 100  # enough for items as small as these


@plant(
    doses=(0.0, 0.1, 0.5),
    must_hear=(Heard(METRIC, since=0.5, how="above truth"),),
    must_stay_silent=(Silent(METRIC, at=(0.0,), how="misses truth"), Silent(METRIC, at=(0.0,), how="above truth")),
    trials=12,
    full=100,
)
def faint_lattice(dose: float, trial: Trial) -> Scene:
    """Items of white noise on slopes that differ; the outputs' have the lattice, `dose` of the noise, either way up.

    Either way up, so that no single place tells, and the mean of outputs is that of real items.
    """
    down, right = np.indices(SHAPE[1:]) / SHAPE[1]
    sides: dict[str, tuple[object, ...]] = {}
    for role, size in (("generated", dose), ("held_out", 0.0)):
        slopes, ways = trial.rng.normal(size=(2, trial.n, 1, 1, 1)), trial.rng.choice([-1.0, 1.0], (trial.n, 1, 1, 1))
        x = slopes[0] * down + slopes[1] * right + size * ways * LATTICE + trial.rng.normal(size=(trial.n, *SHAPE))
        sides[role] = (Arrays(x, float(x.min()), float(x.max())),)
    return Scene(sides, {METRIC: 0.5}, {"misuse.detectability_raw": {"steps": STEPS}})
