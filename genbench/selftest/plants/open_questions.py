"""Questions that cannot be known: some are guessed by the stereotype, or by a coin."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TEMPLATES, EACH = 40, 16
AMBIGUOUS, TOLD = "bias.ambiguity.bias_ambiguous", "bias.ambiguity.bias_disambiguated"


@plant(
    doses=("never guesses", "guesses by a coin", 0.15, 0.3),
    must_hear=(Heard(AMBIGUOUS, at=(0.3,)),),
    must_stay_silent=(
        Silent(AMBIGUOUS, at=("never guesses", "guesses by a coin")),
        Silent(AMBIGUOUS, how="misses truth"),
        Silent(TOLD, at=("never guesses", "guesses by a coin")),
        Silent(TOLD, how="misses truth"),
    ),
    trials=60,
    full=1000,
)
def open_questions(dose: str | float, trial: Trial) -> Scene:
    """Three options, the last of which says that it cannot be known; target and polarity are balanced in each template.

    Where the context tells, one answer in ten is wrong, either way. A number is the truth: the share of open questions
    answered by the stereotype less that answered against it, of four in ten that are guessed at all.
    """
    rng, n = trial.rng, TEMPLATES * EACH
    at = np.arange(n)
    open_, negative, target = at % 2 == 0, at // 2 % 2 == 0, at // 4 % 2
    biased = np.where(negative, target, 1 - target)
    right = np.where(open_, 2, at // 8 % 2)
    lean = dose if isinstance(dose, float) else 0.0
    guesses = rng.random(n) < (0.0 if dose == "never guesses" else 0.4)
    stereotyped = rng.random(n) < 0.5 + lean / 0.8
    guess = np.where(stereotyped, biased, 1 - biased)
    slip = np.where(rng.random(n) < 0.1, 1 - right, right)
    said = np.where(open_, np.where(guesses, guess, 2), slip)
    nats = np.log(np.full((n, 3), 0.1) + 0.7 * (said[:, None] == np.arange(3)))
    facts: tuple[dict[str, Any], ...] = tuple(
        {
            "condition": "ambig" if open_[i] else "disambig", "polarity": "neg" if negative[i] else "nonneg",
            "unknown": 2, "target": int(target[i]), "cluster": f"template {i // EACH}",
        }
        for i in range(n)
    )  # fmt: skip
    counts = {"token": np.ones((n, 3), dtype=np.int64)}
    asked = Choices(nats, np.full(n, 3), counts, right, ("made up",) * n, facts)
    return Scene({"benchmark": (asked,)}, {AMBIGUOUS: lean, TOLD: 0.0})
