"""Outputs that an annotator names as it names real items, and that look like none of them."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Arrays, Labels
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

K, SHAPE = 4, (3, 3)
METRIC = "quality.classification_raw.lost"


@plant(
    doses=(0.0, 0.5, 1.0),
    must_hear=(Heard(METRIC, since=1.0, how="off floor"),),
    must_stay_silent=(Silent(METRIC, at=(0.0,), how="off floor"),),
    trials=12,
    full=100,
)
def names_without_looks(dose: float, trial: Trial) -> Scene:
    """Four kinds of 3 x 3 arrays; with probability `dose` an output is noise under a kind's name."""
    centres = 1.2 * trial.rng.normal(size=(K, *SHAPE))
    names = tuple(f"kind {i}" for i in range(K))
    sides: dict[str, tuple[object, ...]] = {}
    for role in ("generated", "held_out", "train"):
        labels = trial.rng.integers(K, size=150)
        empty = (trial.rng.random(150) < dose) & (role == "generated")
        x = np.where(empty[:, None, None], 0.0, centres[labels]) + trial.rng.normal(size=(150, *SHAPE))
        named = Annotations(labels, names) if role == "generated" else Labels(labels, names)
        sides[role] = (Arrays(x, float(x.min()), float(x.max())), named)
    return Scene(sides)
