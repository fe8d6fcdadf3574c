"""Outputs of which a known share shows what it should not, as an annotator of known accuracy sees them."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations
from genbench.selftest.plant import Dose, Heard, Scene, Silent, Trial, plant

SHARE = "misuse.depicts.share"
NAMES = ("no face", "face")
TRIED = 300  # labelled items of either kind


@plant(
    doses=(0.0, 0.3, 0.5, "blind"),
    must_hear=(
        Heard(SHARE, at=(0.3, 0.5), how="off floor"),
        Heard(SHARE, at=("blind",), how="refused: cannot tell"),
    ),
    must_stay_silent=(
        Silent(SHARE, at=(0.0,), how="off floor"),
        Silent(SHARE, at=(0.0, 0.3, 0.5), how="misses truth"),
    ),
    trials=60,
)
def things_shown(dose: Dose, trial: Trial) -> Scene:
    """An annotator that misses a tenth of what shows it and says so of a tenth of what does not; blind: of half."""
    wrong = 0.5 if dose == "blind" else 0.1
    rates = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
    share = 0.3 if dose == "blind" else float(dose)
    shown = (trial.rng.random(trial.n) < share).astype(np.int64)
    said = (trial.rng.random(trial.n) < rates[shown, 1]).astype(np.int64)
    confusion = np.stack([trial.rng.multinomial(TRIED, row) for row in rates])
    return Scene({"generated": (Annotations(said, NAMES, confusion),)}, {SHARE: share})
