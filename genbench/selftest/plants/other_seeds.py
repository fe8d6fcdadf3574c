"""A second draw that is of another distribution, or the first one over again."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

APART, CHANGE, REPEATED = (f"robustness.redraw.{name}" for name in ("apart", "change", "repeated"))
D, SHARE = 6, 0.3


@plant(
    doses=(0.0, 1.0, "some again", "all again", "collapsed"),
    must_hear=(
        Heard(APART, at=(1.0,), how="off floor"),
        Heard(CHANGE, at=(1.0,), how="off floor"),
        Heard(REPEATED, at=("some again", "all again"), how="off floor"),
        Heard(APART, at=("collapsed",), how="refused: collapsed"),
    ),
    must_stay_silent=(
        Silent(APART, at=(0.0,), how="misses truth"),
        Silent(CHANGE, at=(0.0,), how="misses truth"),
        Silent(REPEATED, at=(0.0, "some again"), how="misses truth"),
    ),
    trials=40,
)
def other_seeds(dose: float | str, trial: Trial) -> Scene:
    """Normal outputs; those of the second draw moved by the dose, or, some or all of them, those of the first again."""
    rng, n = trial.rng, trial.n
    first, second, real = rng.normal(size=(3, n, D))
    if isinstance(dose, float):
        second = second + dose
    share = {"some again": SHARE, "all again": 1.0}.get(str(dose), 0.0)
    second = np.where(rng.random(n)[:, None] < share, first, second)
    if dose == "collapsed":
        first, second = np.ones_like(first), np.ones_like(second)
    sides = {"anchor": first, "again": second, "held_out": real}
    return Scene({role: (Features(x),) for role, x in sides.items()}, {APART: 0.0, CHANGE: 0.0, REPEATED: share})
