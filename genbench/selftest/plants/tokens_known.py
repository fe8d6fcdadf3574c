"""Texts whose tokens a model expects more than it should, as it was trained on them; or that differ by themselves."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features, Rng, TokenLogProbs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

ATTACKS = tuple(
    f"memorization.token_membership.{name}_{what}"
    for name in ("min_k", "min_k_plus", "zlib")
    for what in ("auc", "tpr")
)
VOID = "refused: void"
ITEMS, TOKENS, D = 400, 60, 8


@plant(
    doses=(0.0, 0.2, 1.0, "shifted"),
    must_hear=(
        *(Heard(metric, at=(1.0,)) for metric in ATTACKS),
        *(Heard(metric, at=("shifted",), how=VOID) for metric in ATTACKS),
    ),
    must_stay_silent=(
        *(Silent(metric, at=(0.0,)) for metric in ATTACKS),
        Silent(ATTACKS[0], at=(0.0,), how=VOID),
        Silent(ATTACKS[0], at=(0.0,), how="misses truth"),
    ),
    trials=40,
    full=500,
)
def tokens_known(dose: float | str, trial: Trial) -> Scene:
    """Tokens of members lie `dose` deviations above what they would. Shifted: those of members, and their features."""
    known, apart = (0.6, 0.6) if isinstance(dose, str) else (dose, 0.0)
    evidence = {"train": _side(trial.rng, known, apart), "held_out": _side(trial.rng, 0.0, 0.0)}
    return Scene(evidence, {ATTACKS[0]: 0.5})


def _side(rng: Rng, known: float, apart: float) -> tuple[object, ...]:
    lengths = rng.integers(TOKENS // 2, TOKENS, ITEMS)
    t = int(lengths.sum())
    deviations = rng.uniform(0.5, 2.0, t)
    means = -rng.uniform(1.0, 3.0, t) - deviations
    nats = np.minimum(means + deviations * (rng.normal(size=t) + known), 0.0)
    counts = {"byte": 4 * lengths, "zlib": 2 * lengths + rng.integers(0, 9, ITEMS)}
    said = TokenLogProbs(nats, means, deviations, np.concatenate([[0], np.cumsum(lengths)]), counts)
    return said, Features(rng.normal(apart, 1, (ITEMS, D)))
