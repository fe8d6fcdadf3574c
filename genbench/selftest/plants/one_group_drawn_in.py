"""One of four groups of outputs is less varied than its real items: drawn in about its middle, at last to a point."""

from __future__ import annotations

import math

import numpy as np

from genbench.core.evidence import Annotations, Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

G, D, REAL = 4, 5, 300
VARIETY, COVERAGE, DISTANCE = (f"bias.group_quality.{name}" for name in ("variety", "coverage", "distance"))
NAMES = tuple(f"group {i}" for i in range(G))
POINT = 100.0


@plant(
    doses=(0.0, 0.2, 0.5, 1.0),
    must_hear=(Heard(VARIETY, since=0.5), Heard(COVERAGE, since=1.0)),
    must_stay_silent=(
        Silent(VARIETY, at=(0.0,)),
        Silent(VARIETY, at=(0.0,), how="off floor"),
        Silent(VARIETY, how="misses truth"),
        Silent(DISTANCE),
    ),
    trials=20,
    full=300,
)
def one_group_drawn_in(dose: float, trial: Trial) -> Scene:
    """Unit normals about four centres; group 0's outputs have 1 - `dose` of the breadth, and the middle they should."""
    centres = 6 * np.eye(G, D)
    sides: dict[str, tuple[object, ...]] = {}
    for role, n in (("generated", trial.n), ("held_out", REAL), ("train", REAL)):
        labels = trial.rng.integers(G, size=n)
        breadth = np.where((labels == 0) & (role == "generated"), 1 - dose, 1.0)
        x = centres[labels] + breadth[:, None] * trial.rng.normal(size=(n, D))
        sides[role] = (Features(x), Annotations(labels, NAMES))
    # Of a point the logarithm has no end, and the probe takes it for a hundredth.
    lost = -math.log(1 - dose) if dose < 1 else math.log(POINT)
    return Scene(sides, {VARIETY: lost * (1 - 1 / G)})
