"""Outputs whose tokens stand higher among the model's guesses than those of real items; or shorter ones that do not."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Rng, TokenLogProbs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

AUC = "misuse.rank_tell.auc"
REAL, VOCABULARY = 600, 1000


@plant(
    doses=("as they are", "shorter", "from the 200 likeliest", "from the 40 likeliest"),
    must_hear=(Heard(AUC, since="from the 200 likeliest", how="off floor"),),
    must_stay_silent=(
        Silent(AUC, at=("as they are", "shorter"), how="off floor"),
        Silent(AUC, at=("as they are", "shorter"), how="misses truth"),
    ),
    trials=60,
    full=600,
)
def commoner_tokens(dose: str, trial: Trial) -> Scene:
    """Ranks of tokens follow Zipf's law, each text with an exponent of its own; top-k sampling draws from k tokens."""
    rng, n = trial.rng, max(trial.n, 300)
    most = {"from the 200 likeliest": 200, "from the 40 likeliest": 40}.get(dose, VOCABULARY)
    outputs = _ranked(rng.integers(30, 60 if dose == "shorter" else 120, n), most, rng)
    real = _ranked(rng.integers(30, 120, REAL), VOCABULARY, rng)
    return Scene({"generated": (outputs,), "held_out": (real,)}, {AUC: 0.5})


def _ranked(lengths: np.ndarray, most: int, rng: Rng) -> TokenLogProbs:
    ranks, nats = [], []
    for length in lengths:
        share = np.arange(1, most + 1) ** -rng.uniform(0.9, 1.3)
        drawn = rng.choice(most, int(length), p=share / share.sum())
        ranks.append(1 + drawn)
        nats.append(np.log(share[drawn] / share.sum()))
    t = int(lengths.sum())
    return TokenLogProbs(
        np.concatenate(nats), np.full(t, -4.0), np.ones(t), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        {"byte": 4 * lengths.astype(np.int64)}, ranks=np.concatenate(ranks).astype(np.int64),
    )  # fmt: skip
