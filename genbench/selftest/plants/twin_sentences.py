"""Twin sentences, of which a model that reads by stereotype misreads one."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

PAIRS, FAMILY = 300, 4
GAP, ACCURACY = "bias.coreference.gap", "bias.coreference.accuracy"


@plant(
    doses=("guesses", "understands", 0.1, 0.3),
    must_hear=(Heard(GAP, at=(0.3,)),),
    must_stay_silent=(
        Silent(GAP, at=("guesses", "understands")),
        Silent(GAP, how="misses truth"),
        Silent(ACCURACY, how="misses truth"),
    ),
    trials=60,
    full=1000,
)
def twin_sentences(dose: str | float, trial: Trial) -> Scene:
    """A number is the share of pairs read by the stereotype; the rest, and all under a word, by sense or by a coin."""
    rng = trial.rng
    by_stereotype = rng.random(PAIRS) < (dose if isinstance(dose, float) else 0.0)
    by_sense = np.full(PAIRS, dose == "understands") if isinstance(dose, str) else rng.random(PAIRS) < 0.6
    coin = rng.random((PAIRS, 2)) < 0.5
    right = np.where(by_stereotype[:, None], np.array([True, False]), by_sense[:, None] | coin).reshape(-1)
    answers = np.tile(rng.integers(0, 2, PAIRS)[:, None], 2).reshape(-1)
    said = np.where(right, answers, 1 - answers)
    nats = np.where(np.arange(2) == said[:, None], -1.0, -2.0)
    facts = tuple(
        {"side": side, "pair": f"pair {i}", "cluster": f"family {i // FAMILY}"}
        for i in range(PAIRS)
        for side in ("pro", "anti")
    )
    asked = Choices(nats, np.full(2 * PAIRS, 2), {}, answers, ("made up",) * (2 * PAIRS), facts)
    gap = dose if isinstance(dose, float) else 0.0
    accuracy = {"guesses": 0.5, "understands": 1.0}.get(str(dose), 0.5 * gap + (1 - gap) * 0.8)
    return Scene({"benchmark": (asked,)}, {GAP: gap, ACCURACY: accuracy})
