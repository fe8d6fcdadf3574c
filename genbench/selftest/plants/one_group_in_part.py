"""One of four groups is of two kinds, of which the second is never shown."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

G, D = 4, 5
SIZES = {"generated": 600, "held_out": 300, "train": 600}
METRIC = "bias.group_quality.coverage"
NAMES = tuple(f"group {i}" for i in range(G))
FAR = 25.0


@plant(
    doses=(0.0, 0.3, 0.7),
    must_hear=(Heard(METRIC, since=0.7),),
    must_stay_silent=(Silent(METRIC, at=(0.0, 0.3)), Silent(METRIC, how="misses truth")),
    trials=30,
    full=300,
)
def one_group_in_part(dose: float, trial: Trial) -> Scene:
    """Unit normals about four centres; a share `dose` of group 0's real items lies far off, where no output is.

    Ten training items are due in each ball about a held-out one, so nearly all are covered that are shown at all.
    """
    centres = 6 * np.eye(G, D)
    sides: dict[str, tuple[object, ...]] = {}
    for role, n in SIZES.items():
        labels = trial.rng.integers(G, size=n)
        x = centres[labels] + trial.rng.normal(size=(n, D))
        if role != "generated":
            x[(labels == 0) & (trial.rng.random(n) < dose), 0] += FAR
        sides[role] = (Features(x), Annotations(labels, NAMES))
    return Scene(sides, {METRIC: dose * (1 - 1 / G)})
