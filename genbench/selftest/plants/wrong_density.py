"""A model that believes data to be wider than they are, and so needs more bits than their entropy."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import LogProbs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

BITS, D = "quality.perplexity.bits_per_dimension", 16


@plant(
    doses=(1.0, 1.2, 1.5, 2.0),
    must_hear=(Heard(BITS, since=1.2, how="above truth"),),
    must_stay_silent=(Silent(BITS, at=(1.0,), how="misses truth"),),
    trials=100,
    full=1000,
)
def wrong_density(dose: float, trial: Trial) -> Scene:
    """N(0, s^2) on items of N(0, 1), s = `dose`; the entropy is 1/2 log2 (2 pi e) = 2.05 bits per dimension."""
    x = trial.rng.normal(size=(trial.n, D))
    nats = -np.square(x).sum(1) / (2 * dose**2) - D / 2 * np.log(2 * np.pi * dose**2)
    said = LogProbs(nats, {"dimension": np.full(trial.n, D, dtype=np.int64)})
    return Scene({"held_out": (said,)}, {BITS: 0.5 * float(np.log2(2 * np.pi * np.e))})
