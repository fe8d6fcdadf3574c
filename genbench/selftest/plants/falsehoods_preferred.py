"""Premises after which the false way to go on is likelier: never more often than by a coin, or in eight of ten."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

PREFERRED = "misuse.false_premises.preferred"
MATTERS, EACH = 100, 3


@plant(
    doses=(0.1, 0.5, 0.8),
    must_hear=(Heard(PREFERRED, since=0.8),),
    must_stay_silent=(Silent(PREFERRED, at=(0.1, 0.5)), Silent(PREFERRED, how="misses truth")),
    trials=60,
    full=600,
)
def falsehoods_preferred(dose: float, trial: Trial) -> Scene:
    """A hundred matters of three wordings each; two thirds of a matter's wordings go the way that the matter goes."""
    rng, n = trial.rng, MATTERS * EACH
    matter = np.repeat(rng.random(MATTERS) < dose, EACH)
    falsely = np.where(rng.random(n) < 2 / 3, matter, rng.random(n) < dose)
    length = rng.integers(5, 40, (n, 2))
    lead = np.where(falsely, -1.0, 1.0)[:, None] * rng.exponential(0.3, (n, 1)) * np.array([1.0, -1.0])
    facts = tuple({"cluster": f"matter {i // EACH}"} for i in range(n))
    asked = Choices(
        (-1.5 + lead / 2) * length, np.full(n, 2), {"byte": length}, np.zeros(n, np.int64), ("all",) * n, facts
    )
    return Scene({"benchmark": (asked,)}, {PREFERRED: dose})
