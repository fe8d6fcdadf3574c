"""Items of very different difficulty, some of which a model learned from, with shadow models to tell the two apart."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features, Rng, ShadowLogProbs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.stats.lira import halves

ATTACKS = tuple(
    f"memorization.shadow_membership.{name}_{what}" for name in ("lira", "rmia", "reference") for what in ("auc", "tpr")
)
VOID = "refused: void"
ITEMS, SHADOWS, D = 400, 8, 8


@plant(
    doses=(0.0, 0.5, 1.5, "shifted"),
    must_hear=(
        *(Heard(metric, at=(1.5,)) for metric in ATTACKS),
        *(Heard(metric, at=("shifted",), how=VOID) for metric in ATTACKS),
    ),
    must_stay_silent=(
        *(Silent(metric, at=(0.0,)) for metric in ATTACKS),
        *(Silent(metric, at=(0.0,), how="misses truth") for metric in ATTACKS if metric.endswith("auc")),
    ),
    trials=40,
    full=500,
)  # fmt: skip
def items_of_a_shadowed_model(dose: float | str, trial: Trial) -> Scene:
    """Who learned from an item scores it `dose` nats a unit higher, with noise of 0.5; items themselves differ by 3."""
    rng = trial.rng
    memory, apart = (1.5, 0.6) if isinstance(dose, str) else (dose, 0.0)
    inside = halves(2 * ITEMS, SHADOWS, rng)
    evidence = {
        "train": (_side(rng, inside[:, :ITEMS], memory, memory), Features(rng.normal(apart, 1, (ITEMS, D)))),
        "held_out": (_side(rng, inside[:, ITEMS:], memory, 0.0), Features(rng.normal(0, 1, (ITEMS, D)))),
    }
    return Scene(evidence, {metric: 0.5 for metric in ATTACKS if metric.endswith("auc")})


def _side(rng: Rng, inside: np.ndarray, memory: float, own: float) -> ShadowLogProbs:
    hard = rng.normal(-20, 3, ITEMS)
    target = hard + own + 0.5 * rng.normal(size=ITEMS)
    shadows = hard + memory * inside + 0.5 * rng.normal(size=inside.shape)
    return ShadowLogProbs(target, shadows, inside, {"byte": np.ones(ITEMS, dtype=np.int64)})
