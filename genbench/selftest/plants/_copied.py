"""Copies in the known world, exact or jittered."""

from __future__ import annotations

from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants._mixture import TRAIN, D, Mixture

SILENT_WITHOUT_COPIES = (
    "memorization.copying.tpr_at_1pct_fpr",
    "memorization.duplicates.of_train",
    "memorization.duplicates.within_output",
    "memorization.gap.relative",
    "memorization.membership.auc",
    "memorization.membership.tpr_at_1pct_fpr",
)


def copied(trial: Trial, *, rate: float, jitter: float) -> Scene:
    """Each output is a training item with probability `rate`. jitter: noise, as a share of the features' spread."""
    world = Mixture(trial.rng)
    made = world.draw(trial.n)[1]
    chosen = world.rng.random(trial.n) < rate
    items = world.train[world.rng.integers(TRAIN, size=trial.n)]
    spread = float(world.train.std(axis=0).mean())
    made[chosen] = (items + jitter * spread * world.rng.normal(size=(trial.n, D)))[chosen]
    return Scene(world.seen(made))
