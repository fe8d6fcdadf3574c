"""Outputs of four classes are moved against one another: all together keep their mean, and no class is where it was."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

G, D, REAL = 4, 5, 300
MEAN, WORST = "quality.class_frechet.mean", "quality.class_frechet.worst"
NAMES = tuple(f"class {i}" for i in range(G))
MOVES = np.array([2.0, -1.0, -1.0, 0.0])  # in the last feature, which tells no class from another


@plant(
    doses=(0.0, 0.5, 1.0),
    must_hear=(Heard(MEAN, since=1.0, how="off floor"), Heard(WORST, since=1.0, how="off floor")),
    must_stay_silent=(
        Silent(MEAN, at=(0.0,), how="off floor"),
        Silent(WORST, at=(0.0,), how="off floor"),
        Silent(MEAN, how="misses truth"),
        Silent(WORST, how="misses truth"),
    ),
    trials=20,
    full=300,
)
def classes_pulled_apart(dose: float, trial: Trial) -> Scene:
    """Unit normals about four centres; outputs of the classes moved by 2, -1, -1 and 0 times `dose`."""
    centres = 6 * np.eye(G, D)
    sides: dict[str, tuple[object, ...]] = {}
    for role, n in (("generated", trial.n), ("held_out", REAL), ("train", REAL)):
        labels = trial.rng.integers(G, size=n)
        x = centres[labels] + trial.rng.normal(size=(n, D))
        if role == "generated":
            x[:, D - 1] += dose * MOVES[labels]
        sides[role] = (Features(x), Annotations(labels, NAMES))
    squares = np.square(dose * MOVES)
    return Scene(sides, {MEAN: float(squares.mean()), WORST: float(squares.max())})
