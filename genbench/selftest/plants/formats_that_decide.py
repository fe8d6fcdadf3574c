"""Questions in several formats: some answers go to whatever stands first, or one format is answered worse."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

FLIPS, SPREAD, ACCURACY = (f"robustness.format.{name}" for name in ("flips", "spread", "accuracy"))
QUESTIONS, K, FORMATS = 120, 3, 2
KNOWS, SLIPS = 0.7, 0.5


@plant(
    doses=(0.0, "guesses", 0.2, 0.5, "one worse"),
    must_hear=(Heard(FLIPS, since=0.2, how="off floor"), Heard(SPREAD, at=("one worse",), how="off floor")),
    must_stay_silent=(
        Silent(FLIPS, at=(0.0,), how="off floor"),
        Silent(FLIPS, at=(0.0, "guesses", 0.2, 0.5), how="misses truth"),
        Silent(SPREAD, at=(0.0, "guesses", 0.2, 0.5), how="off floor"),
        Silent(SPREAD, at=("one worse",), how="misses truth"),
        Silent(ACCURACY, at=("guesses",), how="misses truth"),
    ),
    trials=100,
    full=1000,
)
def formats_that_decide(dose: float | str, trial: Trial) -> Scene:
    """Two formats by three rotations. A number is the share of answers that are the first listed, whatever it says.

    Two formats of one order differ where just one of them does so and it was not the model's own answer (2/3); of two
    orders also where both do: flips = 2 d (1 - d) 2/3 + 12/15 d^2.
    """
    rng = trial.rng
    facts: list[dict[str, Any]] = []
    said, answers = [], []
    for i in range(QUESTIONS):
        answer = int(rng.integers(K))
        own = answer if rng.random() < KNOWS else (answer + int(rng.integers(1, K))) % K
        for form in range(FORMATS):
            for turn in range(K):
                order = [(place + turn) % K for place in range(K)]
                pick = _picked(dose, own, form, order, rng)
                facts.append({"same_as": f"{i}", "variant": f"{form}/{turn}", "order": order})
                said.append(order.index(pick))
                answers.append(order.index(answer))
    n = len(said)
    nats = np.log(np.full((n, K), 0.1) + 0.7 * (np.array(said)[:, None] == np.arange(K)))
    counts = {"token": np.ones((n, K), dtype=np.int64)}
    asked = Choices(nats, np.full(n, K), counts, np.array(answers), ("made up",) * n, tuple(facts))
    d = dose if isinstance(dose, float) else 0.0
    flips = 1 - 1 / K if dose == "guesses" else 4 / 3 * d * (1 - d) + 0.8 * d**2
    lost = SLIPS * (KNOWS - (1 - KNOWS) / 2) if dose == "one worse" else 0.0  # half of the slips from wrong are right
    return Scene({"benchmark": (asked,)}, {FLIPS: flips, SPREAD: lost, ACCURACY: 1 / K})


def _picked(dose: float | str, own: int, form: int, order: list[int], rng: np.random.Generator) -> int:
    """The option chosen; a slip is to the next one."""
    if dose == "guesses":
        return int(rng.integers(K))
    if isinstance(dose, float):
        return order[0] if rng.random() < dose else own
    return (own + 1) % K if form == 1 and rng.random() < SLIPS else own
