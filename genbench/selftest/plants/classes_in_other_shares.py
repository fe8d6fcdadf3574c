"""A null: four classes, each made well, one broader than the others, in other shares than those of real items."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Features
from genbench.selftest.plant import Scene, Silent, Trial, plant

G, D, REAL = 4, 16, 300
BROAD = 1.6
MEAN, WORST = "quality.class_frechet.mean", "quality.class_frechet.worst"
NAMES = tuple(f"class {i}" for i in range(G))


@plant(
    doses=(0.25, 0.5, 0.7),
    must_hear=(),
    must_stay_silent=(
        Silent(MEAN, how="off floor"),
        Silent(WORST, how="off floor"),
        Silent(MEAN, how="misses truth"),
        Silent(WORST, how="misses truth"),
    ),
    trials=20,
    full=300,
)
def classes_in_other_shares(dose: float, trial: Trial) -> Scene:
    """Normals about four centres, real items a quarter each; a share `dose` of the outputs is of the broad class."""
    sides: dict[str, tuple[object, ...]] = {}
    for role, n in (("generated", trial.n), ("held_out", REAL), ("train", REAL)):
        share = dose if role == "generated" else 1 / G
        sides[role] = of_classes(round(share * n), n, trial.rng)
    return Scene(sides, {MEAN: 0.0, WORST: 0.0})


def of_classes(broad: int, n: int, rng: np.random.Generator, scale: float = 1.0) -> tuple[Features, Annotations]:
    """n items, of which `broad` are of the broad class, the last, and the others of the others; all `scale` as wide."""
    labels = np.concatenate([np.arange(n - broad) % (G - 1), np.full(broad, G - 1)])
    breadth = scale * np.array([1.0] * (G - 1) + [BROAD])
    x = 6 * np.eye(G, D)[labels] + breadth[labels, None] * rng.normal(size=(n, D))
    return Features(x), Annotations(labels, NAMES)
