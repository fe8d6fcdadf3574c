"""Prompts with a right answer, a known share of which the model gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Completions
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

PASSAGES, EACH = 150, 4
EXACT, F1 = "quality.answers.exact_match", "quality.answers.f1"
ROUGE1, ROUGE_L, CHRF = "quality.answers.rouge1", "quality.answers.rougeL", "quality.answers.chrf"


@plant(
    doses=(1.0, 0.95, 0.5),
    must_hear=(Heard(EXACT, at=(0.95, 0.5), how="off floor"), Heard(F1, at=(0.95, 0.5), how="off floor")),
    must_stay_silent=(
        Silent(EXACT, at=(1.0,), how="off floor"),
        Silent(F1, at=(1.0,), how="off floor"),
        Silent(EXACT, how="misses truth"),
        Silent(F1, how="misses truth"),
        Silent(ROUGE1, how="misses truth"),
        Silent(ROUGE_L, how="misses truth"),
        Silent(CHRF, how="misses truth"),
    ),
    trials=40,
    full=500,
)
def answers_known(dose: float, trial: Trial) -> Scene:
    """Four prompts on each of 150 passages. A share `dose` is answered right, the rest in figures nobody asked for."""
    rng, n = trial.rng, PASSAGES * EACH
    cluster = np.repeat(np.arange(PASSAGES), EACH)
    luck = np.where(rng.random(n) < 0.5, rng.random(PASSAGES)[cluster], rng.random(n))
    right = ["the quick fox", "a brown dog"]
    references = tuple((right[i % 2],) for i in range(n))
    said = tuple(own[0] if known else "7 8 9" for own, known in zip(references, luck < dose, strict=True))
    facts: tuple[dict[str, Any], ...] = tuple({"cluster": f"passage {c}"} for c in cluster)
    asked = Completions(("?",) * n, tuple(f" {text}\nNext" for text in said), references, ("all",) * n, tuple(
        {**fact, "until": ["\n"]} for fact in facts
    ))  # fmt: skip
    return Scene({"benchmark": (asked,)}, dict.fromkeys((EXACT, F1, ROUGE1, ROUGE_L, CHRF), dose))
