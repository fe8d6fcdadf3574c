"""Four of five outputs show one group, and the annotator is wrong three times in ten."""

from __future__ import annotations

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._annotated import annotated

IMBALANCE, RATIO = "bias.representation.imbalance", "bias.representation.worst_ratio"


@plant(
    doses=(0.5, 0.8, 1.0),
    must_hear=(Heard(IMBALANCE, since=1.0, power=0.7),),
    must_stay_silent=(
        Silent(IMBALANCE, at=(0.5,)),
        Silent(RATIO, at=(0.5,)),
        Silent(IMBALANCE, at=(0.5, 0.8), how="misses truth"),
        Silent(IMBALANCE, at=(1.0,), how="misses truth", rate=0.1),  # at the edge of what shares can be: covers 92 %
        Silent(RATIO, how="misses truth"),
    ),
    trials=100,
    full=1000,
)
def poor_annotator(dose: float, trial: Trial) -> Scene:
    """A group's share is `dose` where one half is due: the truth is |dose - 1/2| whatever the annotator gets wrong."""
    evidence = annotated([dose, 1 - dose], [0.5, 0.5], (trial.n, 500), trial.rng, accuracy=0.7, tried=300)
    return Scene(evidence, {IMBALANCE: abs(dose - 0.5), RATIO: (1 - dose) / 0.5})
