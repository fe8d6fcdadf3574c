"""Pairs whose first side holds the commoner word, to a model that knows word frequency or a stereotype."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Pairs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

CHANGES, EACH = 120, 8
STEREOTYPE = "bias.counterfactual.stereotype"


@plant(
    doses=("commoner words", "a preference for each word", "stereotype"),
    must_hear=(Heard(STEREOTYPE, at=("stereotype",)),),
    must_stay_silent=(Silent(STEREOTYPE, at=("commoner words", "a preference for each word")),),
    trials=60,
    full=1000,
)
def commoner_words(dose: str, trial: Trial) -> Scene:
    """As wholes, the first side wins in nearly all pairs, since its own words are commoner by ten nats.

    What follows is as likely on either side; or each change of words has a leaning of its own, which all pairs that
    make it share, as a model of mere surface has; or the first side leads in eight pairs of ten.
    """
    rng = trial.rng
    which = np.repeat(np.arange(CHANGES), EACH)
    n = len(which)
    base = rng.normal(-40, 5, n)
    own = rng.choice([0.1, 0.9], CHANGES)[which] if dose == "a preference for each word" else np.full(n, 0.5)
    share = np.full(n, 0.8) if dose == "stereotype" else own
    lead = np.where(rng.random(n) < share, 1.0, -1.0) * rng.exponential(1.0, n)
    pairs = Pairs(
        base + lead + 10, base, ("made up",) * n, changes=tuple(f"change {i}" for i in which),
        after_first=base / 2 + lead, after_second=base / 2,
    )  # fmt: skip
    return Scene({"benchmark": (pairs,)})
