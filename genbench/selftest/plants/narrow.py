"""A generator of too little variety that copies nobody: popular memorization scores accuse it."""

from __future__ import annotations

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import Mixture

SCALES = (1.0, 0.9, 0.8, 0.5)


@plant(
    doses=SCALES,
    must_hear=(
        Heard("quality.prdc.recall", since=0.8, how="off floor"),
        Heard("quality.rarity.relative", since=0.5, how="off floor"),
    ),
    must_stay_silent=(
        Silent("quality.prdc.recall", at=(1.0,), how="off floor"),
        Silent("quality.rarity.relative", at=(1.0,), how="off floor"),
        Silent("quality.frechet.distance", at=(1.0,), how="misses truth"),
        Silent("memorization.copying.tpr_at_1pct_fpr"),
        Silent("memorization.duplicates.of_train"),
        Silent("memorization.cliques.share"),
    ),
    trials=20,
    full=300,
)
def narrow(dose: float, trial: Trial) -> Scene:
    """Every mode is there, its spread at `dose` of what it should be."""
    world = Mixture(trial.rng)
    made = world.draw(trial.n, scale=dose)[1]
    return Scene(world.seen(made), {"quality.frechet.distance": 0.0})
