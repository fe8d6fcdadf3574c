"""Outputs that differ from real items in the mean of a single feature of many, as a blurred image's spectrum does."""

from __future__ import annotations

import math

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

D, REAL = 18, 500
METRIC = "quality.means.distance"


@plant(
    doses=(0.0, 0.2, 0.5, 1.0),
    must_hear=(Heard(METRIC, since=0.5, how="off floor"),),
    must_stay_silent=(Silent(METRIC, at=(0.0,), how="off floor"), Silent(METRIC, how="misses truth")),
    trials=60,
)
def one_feature_moved(dose: float, trial: Trial) -> Scene:
    """Unit normals in 18 dimensions, the last one's mean moved by `dose` among outputs."""
    made, real = trial.rng.normal(size=(trial.n, D)), trial.rng.normal(size=(REAL, D))
    made[:, -1] += dose
    return Scene({"generated": (Features(made),), "held_out": (Features(real),)}, {METRIC: dose / math.sqrt(D)})
