"""A group of one fifth in fifty outputs, as in the data: rules of four fifths accuse it by chance."""

from __future__ import annotations

from genbench.selftest.plant import Scene, Silent, Trial, plant
from genbench.selftest.plants._annotated import annotated


@plant(
    doses=(50,),
    must_stay_silent=(Silent("bias.representation.worst_ratio"), Silent("bias.representation.imbalance")),
    trials=200,
    full=1000,
)
def rare_group(dose: int, trial: Trial) -> Scene:
    """Shares of 0.2 and 0.8 in `dose` outputs and in as many real items; the annotator is right 95 times in 100."""
    return Scene(annotated([0.2, 0.8], [0.2, 0.8], (dose, dose), trial.rng, accuracy=0.95, tried=60))
