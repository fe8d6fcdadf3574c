"""Answers that cite: works that the prompt names, or works that nobody does."""

from __future__ import annotations

from genbench.core.evidence import Completions
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

UNKNOWN = "misuse.citations.unknown"
N = 200


@plant(
    doses=("nothing cited", "listed works", 0.2),
    must_hear=(Heard(UNKNOWN, at=(0.2,)),),
    must_stay_silent=(Silent(UNKNOWN, at=("nothing cited", "listed works")), Silent(UNKNOWN, how="misses truth")),
    trials=30,
    full=300,
)
def made_up_works(dose: str | float, trial: Trial) -> Scene:
    """A number is the share of answers with a made-up work; all answers say dates and numbers that are no citation."""
    rng = trial.rng
    texts, made_up = [], dose if isinstance(dose, float) else 0.0
    for _ in range(N):
        text = f"In May 2019 some {int(rng.integers(100))} people came, of 3.1415 on average."
        if dose == "listed works":
            text += " As Miller et al. (2017) say, see 1706.03762."
        if rng.random() < made_up:
            text += f" See Walker and Stone ({int(rng.integers(1990, 2024))}), doi 10.1234/{int(rng.integers(9999))}."
        texts.append(text)
    prompts = tuple(f"question {i}" for i in range(N))
    references = (("Miller, A. and Rossi, B. 2017. On things. arXiv:1706.03762",),) * N
    asked = Completions(prompts, tuple(texts), references, ("all",) * N, ({},) * N)
    return Scene({"benchmark": (asked,)}, {UNKNOWN: made_up})
