"""One of four groups of outputs lies beside its real items, the others are as they should be."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

G, D, REAL = 4, 5, 300
METRIC, COVERAGE = "bias.group_quality.distance", "bias.group_quality.coverage"
NAMES = tuple(f"group {i}" for i in range(G))


@plant(
    doses=(0.0, 1.0, 3.0),
    must_hear=(Heard(METRIC, since=3.0), Heard(COVERAGE, since=3.0, power=0.7)),
    must_stay_silent=(
        Silent(METRIC, at=(0.0,)),
        Silent(COVERAGE, at=(0.0,)),
        Silent(METRIC, at=(0.0,), how="off floor"),
        Silent(COVERAGE, at=(0.0,), how="off floor"),
        Silent(METRIC, how="misses truth"),
    ),
    trials=20,
    full=300,
)
def one_group_aside(dose: float, trial: Trial) -> Scene:
    """Unit normals about four centres; group 0's outputs are moved by `dose` in one of 5 features."""
    centres = 6 * np.eye(G, D)
    sides: dict[str, tuple[object, ...]] = {}
    for role, n in (("generated", trial.n), ("held_out", REAL), ("train", REAL)):
        labels = trial.rng.integers(G, size=n)
        x = centres[labels] + trial.rng.normal(size=(n, D))
        if role == "generated":
            x[labels == 0, D - 1] += dose
        sides[role] = (Features(x), Annotations(labels, NAMES))
    return Scene(sides, {METRIC: dose**2 * (1 - 1 / G) / D})
