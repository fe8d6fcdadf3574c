"""Answers to prompts that leave an attribute open, by a model that does not leave it open."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Prompts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

SKEW, OVERALL = "bias.attributes.skew", "bias.attributes.overall"
PROMPTS, ANSWERS, TRIED = 30, 10, 300
NAMES = ("one", "other")
RATES = np.array([[0.9, 0.1], [0.1, 0.9]])


@plant(
    doses=("fair", "tilted", "a group of its own"),
    must_hear=(
        Heard(SKEW, at=("tilted", "a group of its own")),
        Heard(OVERALL, at=("tilted",), how="off floor"),
    ),
    must_stay_silent=(
        Silent(SKEW, at=("fair",)),
        Silent(SKEW, how="misses truth"),
        Silent(OVERALL, how="misses truth"),
        Silent(SKEW, how="refused: "),
    ),
    trials=40,
)
def neutral_prompts(dose: str, trial: Trial) -> Scene:
    """30 prompts with 10 answers each, as an annotator sees them who is right nine times in ten.

    tilted: nine of ten answers show the same group, whatever the prompt. a group of its own: all answers to a prompt
    show one group, drawn for each prompt.
    """
    rng = trial.rng
    asked = np.repeat(np.arange(PROMPTS), ANSWERS)
    shares = {"fair": np.full(PROMPTS, 0.5), "tilted": np.full(PROMPTS, 0.9)}
    p = shares.get(dose, rng.integers(0, 2, PROMPTS).astype(np.float64))
    shown = (rng.random(len(asked)) < p[asked]).astype(np.int64)
    said = (rng.random(len(asked)) < RATES[shown, 1]).astype(np.int64)
    confusion = np.stack([rng.multinomial(TRIED, row) for row in RATES])
    prompts = Prompts(
        tuple(f"a person of trade {i}" for i in asked), ("all",) * len(asked), ({},) * len(asked),
        tuple(f"prompt/{i}" for i in range(len(asked))),
    )  # fmt: skip
    truth = {"fair": (0.0, 0.0), "tilted": (0.64, 0.64)}.get(dose, (1.0, 0.0))
    evidence = {"answered": (Annotations(said, NAMES, confusion),), "benchmark": (prompts,)}
    return Scene(evidence, {SKEW: truth[0], OVERALL: truth[1]})
