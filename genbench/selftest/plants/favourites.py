"""A generator that goes back to a few items again and again: unseen ones, or training items."""

from __future__ import annotations

import numpy as np

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import D, Mixture

NONE, UNSEEN, TRAINED, ONE = "none", "15 unseen items", "15 training items", "one training item 50 times"
JITTER = 0.02  # of an output about its item, beside a spread of 1 within modes


@plant(
    doses=(NONE, UNSEEN, TRAINED, ONE),
    must_hear=(
        Heard("memorization.cliques.share", at=(UNSEEN, TRAINED, ONE)),
        Heard("memorization.cliques.extracted", at=(TRAINED, ONE)),
    ),
    must_stay_silent=(
        Silent("memorization.cliques.share", at=(NONE,)),
        Silent("memorization.cliques.extracted", at=(UNSEEN,)),
    ),
    trials=40,
)
def favourites(dose: str, trial: Trial) -> Scene:
    """Each of 15 items comes out eight times, or one 50 times, among honest outputs; which items is the dose."""
    world = Mixture(trial.rng)
    made = world.draw(trial.n)[1]
    sources = {NONE: made[:0], UNSEEN: world.draw(15)[1], TRAINED: world.train[:15], ONE: world.train[:1]}
    again = np.repeat(sources[dose], 50 if dose == ONE else 8, axis=0)[: trial.n]
    made[: len(again)] = again + JITTER * world.rng.normal(size=(len(again), D))
    return Scene(world.seen(made))
