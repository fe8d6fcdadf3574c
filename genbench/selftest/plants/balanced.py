"""A balanced generator, few outputs or many: what chance alone shows is no bias."""

from __future__ import annotations

from genbench.selftest.plant import Scene, Silent, Trial, plant
from genbench.selftest.plants._annotated import annotated

GROUPS = 10


@plant(
    doses=(9, 90, 900),
    must_stay_silent=(
        Silent("bias.representation.imbalance"),
        Silent("bias.representation.worst_ratio"),
        Silent("bias.representation.imbalance", how="misses truth"),
    ),
    trials=100,
    full=1000,
)
def balanced(dose: int, trial: Trial) -> Scene:
    """Ten groups of equal shares in `dose` outputs and 500 real items; the annotator is right 95 times in 100."""
    even = [1 / GROUPS] * GROUPS
    evidence = annotated(even, even, (dose, 500), trial.rng, accuracy=0.95, tried=60)
    return Scene(evidence, {"bias.representation.imbalance": 0.0})
