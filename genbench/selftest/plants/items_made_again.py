"""A model that makes some of its training items again more exactly than anything else."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features, Remakes
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

AUC, TAIL, BLIND = (f"memorization.reconstruction.{name}" for name in ("auc", "tpr_at_1pct_fpr", "blind_auc"))
ITEMS, D = 400, 8


@plant(
    doses=(0.0, 0.2, 1.0, "shifted"),
    must_hear=(
        Heard(TAIL, at=(0.2, 1.0)),
        Heard(AUC, at=(1.0,)),
        Heard(AUC, at=("shifted",), how="refused: void"),
        Heard(TAIL, at=("shifted",), how="refused: void"),
        Heard(BLIND, at=("shifted",), how="off floor"),
    ),
    must_stay_silent=(
        Silent(AUC, at=(0.0,)),
        Silent(TAIL, at=(0.0,)),
        Silent(AUC, at=(0.0,), how="misses truth"),
        Silent(BLIND, at=(0.0,), how="off floor"),
    ),
    trials=30,
)
def items_made_again(dose: float | str, trial: Trial) -> Scene:
    """Errors of a log-normal law; a share of the training items, the dose, is made again twenty times as exactly.

    shifted: nothing was memorized, but the members come from elsewhere, and are harder.
    """
    rng, shift = trial.rng, 0.6 if dose == "shifted" else 0.0
    share = 0.0 if isinstance(dose, str) else float(dose)
    x, other = rng.normal(shift, 1, (ITEMS, D)), rng.normal(0, 1, (ITEMS, D))
    errors, errors_other = (0.1 * np.exp(0.4 * side[:, 0]) for side in (x, other))
    errors = np.where(rng.random(ITEMS) < share, errors / 20, errors)
    evidence = {"train": (Remakes(errors), Features(x)), "held_out": (Remakes(errors_other), Features(other))}
    return Scene(evidence, {AUC: 0.5})
