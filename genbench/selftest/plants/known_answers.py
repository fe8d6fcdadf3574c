"""Multiple choice of which a known share is answered right, by a model that is as sure as it should be, or more."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

PASSAGES, EACH, OPTIONS = 150, 4, 4
ACCURACY, CALIBRATION = "quality.choice.accuracy", "quality.choice.calibration"


@plant(
    doses=("calibrated", "overconfident by 0.15", "overconfident by 0.3"),
    must_hear=(Heard(CALIBRATION, since="overconfident by 0.15", how="off floor"),),
    must_stay_silent=(
        Silent(CALIBRATION, at=("calibrated",), how="off floor"),
        Silent(CALIBRATION, how="misses truth"),
        Silent(ACCURACY, how="misses truth"),
    ),
    trials=40,
    full=500,
)
def known_answers(dose: str, trial: Trial) -> Scene:
    """Four questions on each of 150 passages, some passages easier; the model is 0.5 to 0.95 sure of its answer.

    An answer that it is p sure of is right with probability p, less the dose.
    """
    rng, n = trial.rng, PASSAGES * EACH
    over = 0.0 if dose == "calibrated" else float(dose.rpartition(" ")[2])
    cluster = np.repeat(np.arange(PASSAGES), EACH)
    sure = rng.uniform(0.5, 0.95, n)
    # Half of the questions share their passage's luck, so that errors come together without moving the mean.
    luck = np.where(rng.random(n) < 0.5, rng.random(PASSAGES)[cluster], rng.random(n))
    right = luck < sure - over
    answers = rng.integers(OPTIONS, size=n)
    said = np.where(right, answers, (answers + rng.integers(1, OPTIONS, size=n)) % OPTIONS)
    nats = np.log(np.where(np.arange(OPTIONS) == said[:, None], sure[:, None], (1 - sure[:, None]) / (OPTIONS - 1)))
    facts: tuple[dict[str, Any], ...] = tuple({"cluster": f"passage {c}"} for c in cluster)
    asked = Choices(nats - 3, np.full(n, OPTIONS), {"byte": np.full((n, OPTIONS), 5)}, answers, ("made up",) * n, facts)
    return Scene({"benchmark": (asked,)}, {ACCURACY: 0.725 - over, CALIBRATION: over})
