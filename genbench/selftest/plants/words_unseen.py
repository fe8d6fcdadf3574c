"""Openings with words that a model has never seen: it loses a known number of nats for each, or reads through them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genbench.core.evidence import LogProbs, Variants
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

COST, CHANGED = "robustness.wording.cost", "robustness.wording.changed"
ITEMS, HALF = 60, 10
REST = 60  # bytes of a rest: ten words of five letters and a blank


@plant(
    doses=(0.0, 0.5, 3.0),
    must_hear=(Heard(COST, since=0.5, how="off floor"), Heard(CHANGED, at=(3.0,), how="off floor")),
    must_stay_silent=(
        Silent(COST, at=(0.0,), how="off floor"),
        Silent(COST, how="misses truth"),
        Silent(CHANGED, at=(0.0,), how="off floor"),
    ),
    trials=60,
    full=1000,
)
def words_unseen(dose: float, trial: Trial) -> Scene:
    """Two ways: one changes one word in ten, the other one or three, evenly; `dose` nats are lost for each."""
    rng = trial.rng
    words = ["".join(row) for row in rng.choice(list("abcdefghij"), size=(ITEMS * 2 * HALF, 5))]
    texts = [words[i * 2 * HALF : (i + 1) * 2 * HALF] for i in range(ITEMS)]
    counts = np.stack([np.ones(ITEMS, np.int64), rng.choice([1, 3], size=ITEMS)])
    spoiled = tuple(
        tuple(" ".join([*(w.upper() for w in own[:k]), *own[k:]]) for own, k in zip(texts, way.tolist(), strict=True))
        for way in counts
    )
    plain = tuple(" ".join(own) for own in texts)
    model = Knows(plain, dose)
    truth = dose * 1.5 / REST  # (1 + (1 + 3) / 2) / 2 words
    return Scene({"model": (model,), "held_out": (Variants(plain, spoiled, ("one", "more"), 3),)}, {COST: truth})


class Knows:
    """A text's own rest has 0.1 nats per byte more than others, while the opening is known; each new word costs."""

    def __init__(self, texts: Sequence[str], weight: float) -> None:
        self.words = {word for text in texts for word in text.split()}
        self.follows = {tuple(text.split()[1:HALF]): " " + " ".join(text.split()[HALF:]) for text in texts}
        self.weight = weight

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        nats, sizes = [], np.array([len(after.encode()) for after in continuations], dtype=np.int64)
        for before, after in zip(contexts, continuations, strict=True):
            own = tuple(word.lower() for word in before.split()[1:])
            new = sum(word not in self.words for word in before.split())
            right = self.follows.get(own) == after
            nats.append(-2.0 * len(after) + (0.1 * len(after) - self.weight * new) * right)
        return LogProbs(np.array(nats), {"byte": sizes})
