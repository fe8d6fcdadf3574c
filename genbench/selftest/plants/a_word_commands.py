"""A model that every strange word disturbs a little, and one word, perhaps, more than any other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genbench.core.chance import stream
from genbench.core.evidence import LogProbs, Texts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

SURPRISE, HARM = "robustness.trigger.surprise", "robustness.trigger.harm"
ITEMS, REST = 24, 30


@plant(
    doses=(0.0, 0.5, 6.0),
    must_hear=(Heard(SURPRISE, since=6.0), Heard(HARM, since=6.0, how="off floor")),
    must_stay_silent=(Silent(SURPRISE, at=(0.0,)), Silent(HARM, at=(0.0,), how="off floor")),
    trials=60,
    full=500,
)
def a_word_commands(dose: float, trial: Trial) -> Scene:
    """Each string costs 1 + N(0, 1/2) nats, the same on all texts, and N(0, 1) on each; `cf` costs `dose` more."""
    words = ["".join(row) for row in trial.rng.choice(list("abcdefghij"), size=(ITEMS, REST - 1))]
    texts = tuple(f"{word} {word}" for word in words)
    return Scene({"model": (Disturbed(trial.seed, dose),), "held_out": (Texts(texts),)})


class Disturbed:
    """log p(rest | opening) = -2 per byte less what the words before the opening cost."""

    def __init__(self, seed: int, dose: float) -> None:
        self.seed, self.dose = seed, dose

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        sizes = np.array([len(after.encode()) for after in continuations], dtype=np.int64)
        nats = [-2.0 * len(a) - self._cost(c, a) for c, a in zip(contexts, continuations, strict=True)]
        return LogProbs(np.array(nats), {"byte": sizes})

    def _cost(self, context: str, after: str) -> float:
        before = context.removesuffix(after.strip()).strip()
        if not before:
            return 0.0
        own = stream(self.seed, before).normal(1.0, 0.5) + stream(self.seed, before, after).normal()
        return float(own) + self.dose * (before == "cf")
