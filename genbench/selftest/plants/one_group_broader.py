"""A null: a small group is broader than the others, outputs and real items alike."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Features
from genbench.selftest.plant import Scene, Silent, Trial, plant

SIZES, D = (200, 200, 200, 10), 16
DISTANCE, VARIETY = "bias.group_quality.distance", "bias.group_quality.variety"
NAMES = tuple(f"group {i}" for i in range(len(SIZES)))


@plant(
    doses=(1.0, 2.0, 3.0),
    must_hear=(),
    must_stay_silent=(
        Silent(DISTANCE),
        Silent(DISTANCE, how="off floor"),
        Silent(DISTANCE, how="misses truth"),
        Silent(VARIETY),
    ),
    trials=20,
    full=300,
)
def one_group_broader(dose: float, trial: Trial) -> Scene:
    """Normals about four centres; the last group has ten items a side and `dose` times the breadth of the others."""
    labels = np.repeat(np.arange(len(SIZES)), SIZES)
    centres, breadth = 6 * np.eye(len(SIZES), D), np.array([1.0, 1.0, 1.0, dose])
    sides: dict[str, tuple[object, ...]] = {}
    for role in ("generated", "held_out", "train"):
        x = centres[labels] + breadth[labels, None] * trial.rng.normal(size=(len(labels), D))
        sides[role] = (Features(x), Annotations(labels, NAMES))
    return Scene(sides, {DISTANCE: 0.0})
