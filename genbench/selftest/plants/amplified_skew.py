"""A model that shows a group of seven tenths more often than its training data does."""

from __future__ import annotations

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._annotated import annotated

METRIC = "bias.amplification.shift"
TRAIN = 900


@plant(
    doses=(0.0, 0.1, 0.2, 0.3),
    must_hear=(Heard(METRIC, since=0.3),),
    must_stay_silent=(
        Silent(METRIC, at=(0.0, 0.1)),
        Silent(METRIC, at=(0.0,), how="off floor"),
        Silent(METRIC, at=(0.0, 0.1, 0.2), how="misses truth"),
    ),
    trials=60,
)
def amplified_skew(dose: float, trial: Trial) -> Scene:
    """Shares of 0.7 + `dose` among outputs after 0.7 in training; the annotator is right nine times in ten."""
    seen = annotated([0.7 + dose, 0.3 - dose], [0.7, 0.3], (trial.n, TRAIN), trial.rng, accuracy=0.9, tried=150)
    return Scene({"generated": seen["generated"], "train": seen["held_out"]}, {METRIC: dose})
