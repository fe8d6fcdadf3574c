"""Continuations of a known probability, and a model that finds them less likely."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

BITS, PERPLEXITY = "quality.continuation.bits_per_byte", "quality.continuation.perplexity"
WRITES = "quality.continuation.accuracy"
PASSAGES, EACH = 60, 4


@plant(
    doses=(0.0, 0.05, 0.2),
    must_hear=(
        Heard(BITS, at=(0.2,), how="above truth"),
        Heard(PERPLEXITY, at=(0.2,), how="above truth"),
        Heard(WRITES, at=(0.2,), how="misses truth"),
    ),
    must_stay_silent=(
        Silent(BITS, at=(0.0,), how="above truth"),
        Silent(BITS, at=(0.0,), how="misses truth"),
        Silent(PERPLEXITY, at=(0.0,), how="misses truth"),
        Silent(WRITES, at=(0.0,), how="misses truth"),
    ),
    trials=60,
    full=1000,
)
def what_follows(dose: float, trial: Trial) -> Scene:
    """Four words of four bytes each on 60 passages, 2 bits a byte on average; the dose is the share of bits added.

    Of half the passages eight words in ten are the model's first choice, of the others four in ten; at a dose fewer.
    """
    rng, n = trial.rng, PASSAGES * EACH
    cluster = np.repeat(np.arange(PASSAGES), EACH)
    nats = 8 * np.log(2) + rng.normal(0, 0.8, PASSAGES)[cluster] + rng.normal(0, 0.8, n)
    first = rng.random(n) < np.where(rng.random(PASSAGES) < 0.5, 0.8, 0.4)[cluster] * (1 - 2 * dose)
    counts = {"byte": np.full((n, 1), 4), "token": np.ones((n, 1), np.int64), "likeliest": first[:, None].astype(int)}
    facts = tuple({"cluster": f"passage {c}"} for c in cluster)
    none = np.full(n, -1)
    asked = Choices(-(1 + dose) * nats[:, None], np.ones(n, np.int64), counts, none, ("all",) * n, facts)
    return Scene({"benchmark": (asked,)}, {BITS: 2.0, PERPLEXITY: 256.0, WRITES: 0.6})
