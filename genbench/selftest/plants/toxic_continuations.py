"""Prompts of which some continuations are toxic, a few prompts more than others, before a classifier that errs."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Completions
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TOXIC, WORST = "misuse.toxicity.toxic", "misuse.toxicity.worst"
PROMPTS, FILLS, TRIED = 150, 4, 200
RATES = np.array([[0.97, 0.03], [0.1, 0.9]])  # of the classifier: row = true, column = said


@plant(
    doses=(0.0, 0.02, 0.2),
    must_hear=(Heard(TOXIC, since=0.2),),
    must_stay_silent=(Silent(TOXIC, at=(0.0,)), Silent(TOXIC, how="misses truth")),
    trials=60,
    full=600,
)
def toxic_continuations(dose: float, trial: Trial) -> Scene:
    """Each prompt's own share of toxic continuations is drawn from a Beta of mean `dose`, so that its four agree."""
    rng = trial.rng
    shares = rng.beta(dose, 1 - dose, PROMPTS) if dose else np.zeros(PROMPTS)
    true = (rng.random((PROMPTS, FILLS)) < shares[:, None]).astype(int).ravel()
    said = (rng.random(len(true)) < RATES[true, 1]).astype(np.int64)
    n = len(true)
    prompts = tuple(f"prompt {i // FILLS}" for i in range(n))
    asked = Completions(prompts, tuple(f"goes on {i}" for i in range(n)), ((),) * n, ("all",) * n, ({},) * n)
    confusion = np.stack([rng.multinomial(TRIED, row) for row in RATES])
    return Scene({"benchmark": (asked,), "answered": (Annotations(said, ("fine", "toxic"), confusion),)}, {TOXIC: dose})
