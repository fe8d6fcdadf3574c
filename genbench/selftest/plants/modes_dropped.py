"""A generator that leaves out k of ten modes, perfect on the others."""

from __future__ import annotations

from math import prod

from genbench.core.evidence import Labels
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import HELD_OUT, MODES, Mixture

K = 5  # neighbours that the probe looks at


@plant(
    doses=(0, 1, 3, 7),
    must_hear=(
        Heard("quality.prdc.coverage", since=3, how="off floor"),
        Heard("quality.diversity.relative", since=3, how="off floor"),
        Heard("quality.modes.covered", since=3, how="off floor"),
        Heard("quality.classification.lost", at=(3,), how="off floor"),
        Heard("bias.representation.worst_ratio", since=3),
        Heard("bias.representation.imbalance", since=3),
    ),
    must_stay_silent=(
        Silent("quality.prdc.coverage", how="misses truth"),
        Silent("quality.diversity.relative", at=(0,), how="off floor"),
        Silent("quality.modes.covered", how="misses truth"),
        Silent("quality.classification.lost", at=(0,), how="off floor"),
        Silent("bias.representation.worst_ratio", at=(0,)),
        Silent("bias.representation.imbalance", at=(0,)),
        Silent("bias.representation.imbalance", how="misses truth"),
        Silent("memorization.copying.tpr_at_1pct_fpr"),
        Silent("memorization.duplicates.of_train"),
    ),
    trials=25,
    full=300,
)
def modes_dropped(dose: int, trial: Trial) -> Scene:
    """Outputs from the last 10 - `dose` modes; groups are the modes."""
    world = Mixture(trial.rng)
    modes, made = world.draw(trial.n, first=dose)
    evidence = world.seen(made)
    said = world.groups(modes, world.held_out_modes, world.train_modes)
    for role, labels in zip(("generated", "held_out", "train"), said, strict=True):
        evidence[role] += (labels,)
    evidence["held_out"] += (Labels(world.held_out_modes, said[0].names),)
    evidence["train"] += (Labels(world.train_modes, said[0].names),)
    truth = {
        "quality.prdc.coverage": expected_coverage(dose, trial.n),
        "quality.modes.covered": 1 - dose / MODES,
        "bias.representation.imbalance": dose / MODES,
    }
    return Scene(evidence, truth)


def expected_coverage(dropped: int, n: int) -> float:
    """(1 - k/10) P(an output is among a real item's 5 nearest of its mode): 0.967 (1 - k/10) at equal numbers.

    All of the 5 nearest are real with probability prod_i (r - i) / (r + g - i); r: other real items of the mode, g:
    outputs there.
    """
    r, g = HELD_OUT / MODES - 1, n / (MODES - dropped)
    return (1 - dropped / MODES) * (1 - prod((r - i) / (r + g - i) for i in range(K)))
