"""Questions and what attackers made of them: a known share of right answers is lost."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

ACCURACY, DROP = "robustness.adversarial_choices.accuracy", "robustness.adversarial_choices.drop"
ORIGINALS, RIGHT = 150, 0.8
TASKS = ("sst2", "mnli", "mnli-mm")


@plant(
    doses=("unmoved", "guesses alike", 0.1, 0.4),
    must_hear=(Heard(DROP, at=(0.4,), how="off floor"),),
    must_stay_silent=(
        Silent(DROP, at=("unmoved", "guesses alike"), how="off floor"),
        Silent(DROP, how="misses truth"),
        Silent(ACCURACY, how="misses truth"),
    ),
    trials=300,
    full=1000,
)
def attacked_questions(dose: str | float, trial: Trial) -> Scene:
    """Each original has one to three attacks, whose answers share its luck; a number is the share that they lose."""
    rng = trial.rng
    lost = dose if isinstance(dose, float) else 0.0
    level = 0.5 if dose == "guesses alike" else RIGHT
    facts: list[dict[str, Any]] = []
    hits: list[bool] = []
    for i in range(ORIGINALS):
        task, knows = TASKS[i % 3], rng.random() < level
        for j in range(int(rng.integers(1, 4))):
            own = {"task": task, "pair": f"{i}/{j}", "cluster": f"{i}"}
            facts += [{**own, "version": "original"}, {**own, "version": "adversarial"}]
            hits += [knows, knows and rng.random() >= lost / level]
    n = len(hits)
    answers = rng.integers(2, size=n)
    said = np.where(hits, answers, 1 - answers)
    nats = np.log(np.full((n, 2), 0.1) + 0.8 * (said[:, None] == np.arange(2)))
    counts = {"token": np.ones((n, 2), dtype=np.int64)}
    asked = Choices(nats, np.full(n, 2), counts, answers, ("made up",) * n, tuple(facts))
    return Scene({"benchmark": (asked,)}, {DROP: lost, ACCURACY: level - lost})
