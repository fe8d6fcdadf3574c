"""Members that are like non-members, and members that differ from them by themselves: a blind baseline tells those."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features, LogProbs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

ITEMS, D = 400, 8
VOID = "refused: void"


@plant(
    doses=("alike", "shifted"),
    must_hear=(
        Heard("memorization.membership.auc", at=("shifted",), how=VOID),
        Heard("memorization.membership.tpr_at_1pct_fpr", at=("shifted",), how=VOID),
        Heard("memorization.membership.blind_auc", at=("shifted",), how="off floor"),
    ),
    must_stay_silent=(
        Silent("memorization.membership.auc", at=("alike",), how=VOID),
        Silent("memorization.membership.auc", at=("alike",)),
        Silent("memorization.membership.blind_auc", at=("alike",), how="off floor"),
        Silent("memorization.membership.tpr_at_1pct_fpr", at=("alike",)),
        Silent("memorization.membership.auc", at=("alike",), how="misses truth"),
        Silent("memorization.gap.relative", at=("alike",)),
    ),
    trials=60,
    full=1000,
)
def membership_sets(dose: str, trial: Trial) -> Scene:
    """A model that memorized nothing. Shifted: the members come from elsewhere, so its scores differ all the same."""
    rng, shift = trial.rng, 0.6 if dose == "shifted" else 0.0
    members, others = rng.normal(shift, 1, (ITEMS, D)), rng.normal(0, 1, (ITEMS, D))
    said = [LogProbs(-3 + x[:, 0] + 0.2 * rng.normal(size=ITEMS), _one_each()) for x in (members, others)]
    evidence = {"train": (said[0], Features(members)), "held_out": (said[1], Features(others))}
    return Scene(evidence, {"memorization.membership.auc": 0.5})


def _one_each() -> dict[str, np.ndarray]:
    return {"byte": np.ones(ITEMS, dtype=np.int64)}
