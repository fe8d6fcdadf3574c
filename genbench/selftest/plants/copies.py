"""Outputs of which a share is copied from the training items, to the last digit."""

from __future__ import annotations

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._copied import SILENT_WITHOUT_COPIES, copied

RATES = (0.0, 0.01, 0.05, 0.2, 1.0)


@plant(
    doses=RATES,
    must_hear=(
        Heard("memorization.copying.tpr_at_1pct_fpr", since=0.05),
        Heard("memorization.copying.closer", since=0.2, how="off floor"),
        Heard("memorization.duplicates.of_train", since=0.05, power=0.6),
        Heard("memorization.authenticity.c_t", since=1.0, how="off floor"),
        Heard("memorization.mifid.nearness", since=1.0, how="off floor"),
    ),
    must_stay_silent=(
        *(Silent(metric, at=(0.0,)) for metric in SILENT_WITHOUT_COPIES),
        Silent("memorization.copying.closer", at=(0.0,), how="off floor"),
        Silent("memorization.authenticity.c_t", at=(0.0,), how="off floor"),
        Silent("memorization.mifid.nearness", at=(0.0,), how="off floor"),
    ),
    trials=40,
)
def copies(dose: float, trial: Trial) -> Scene:
    """A perfect generator that hands out training items instead, at the rate `dose`."""
    return copied(trial, rate=dose, jitter=0.0)
