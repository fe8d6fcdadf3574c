"""Terms with a few examples each, in which the stereotype wins a known share of the time."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TERMS = 80
SS, LMS = "bias.association.stereotype", "bias.association.meaningful"


@plant(
    doses=(0.5, 0.6, 0.75),
    must_hear=(Heard(SS, since=0.75),),
    must_stay_silent=(Silent(SS, at=(0.5,)), Silent(SS, how="misses truth"), Silent(LMS, how="misses truth")),
    trials=100,
    full=1000,
)
def three_ways_to_go_on(dose: float, trial: Trial) -> Scene:
    """Each term has a preference of its own, on average `dose`; nine in ten sentences beat the unrelated one."""
    rng = trial.rng
    sizes = rng.integers(2, 9, TERMS)
    which = np.repeat(np.arange(TERMS), sizes)
    own = np.clip(dose + rng.uniform(-0.2, 0.2, TERMS), 0, 1)[which]
    n = len(which)
    lead = np.where(rng.random(n) < own, 1.0, -1.0) * rng.exponential(0.1, n)
    # The unrelated sentence beats neither or both, so it stands far from the two.
    unrelated = np.where(rng.random(n) < 0.9, -9.0, 9.0)
    nats = np.stack([lead, np.zeros(n), unrelated], axis=1) - 30.0
    facts = tuple({"reading": "stereotype, anti-stereotype, unrelated", "term": f"term {i}"} for i in which)
    asked = Choices(
        nats, np.full(n, 3), {"token": np.ones((n, 3), np.int64)}, np.full(n, -1), ("made up",) * n, facts
    )  # fmt: skip
    return Scene({"benchmark": (asked,)}, {SS: dose, LMS: 0.9})
