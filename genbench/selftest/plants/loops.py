"""Texts of which some fall into a loop, or are all made of a few sentences."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Rng, Texts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

REPEATED, SELF_BLEU = "quality.repetition.repeated", "quality.repetition.self_bleu"
DISTINCT = "quality.repetition.distinct_2"
N, WORDS, VOCABULARY = 100, 60, 800


@plant(
    doses=("none", "loops in 0.1", "loops in 0.4", "few sentences"),
    must_hear=(
        Heard(REPEATED, at=("loops in 0.4",)),
        Heard(SELF_BLEU, at=("few sentences",)),
        Heard(DISTINCT, at=("few sentences",), how="off floor"),
    ),
    must_stay_silent=(
        Silent(REPEATED, at=("none", "few sentences")),
        Silent(SELF_BLEU, at=("none",)),
        Silent(REPEATED, at=("none",), how="off floor"),
        Silent(SELF_BLEU, at=("none",), how="off floor"),
        Silent(DISTINCT, at=("none",), how="off floor"),
    ),
    trials=15,
    full=300,
)
def loops(dose: str, trial: Trial) -> Scene:
    """Words drawn by Zipf's law. Looping texts say their first ten words on and on; few sentences are ten, shuffled."""
    rng = trial.rng
    share = float(dose.rpartition(" ")[2]) if dose.startswith("loops") else 0.0
    outputs = [_words(rng) for _ in range(N)]
    outputs = [(words[:10] * (WORDS // 10) if rng.random() < share else words) for words in outputs]
    if dose == "few sentences":
        known = [_words(rng)[:10] for _ in range(30)]
        outputs = [[w for i in rng.permutation(30)[: WORDS // 10] for w in known[int(i)]] for _ in range(N)]
    held_out = [_words(rng) for _ in range(N)]
    return Scene({
        "generated": (Texts(tuple(map(" ".join, outputs))),), "held_out": (Texts(tuple(map(" ".join, held_out))),),
    })  # fmt: skip


def _words(rng: Rng) -> list[str]:
    ranks = np.arange(1, VOCABULARY + 1)
    return [f"w{i}" for i in rng.choice(ranks, size=WORDS, p=(1 / ranks) / (1 / ranks).sum())]
