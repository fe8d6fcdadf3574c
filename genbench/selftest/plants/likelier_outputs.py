"""Outputs that the model finds likelier, or odder, than real items of the same length; or shorter ones, no likelier."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import LogProbs, Rng
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

AUC = "misuse.likelihood_tell.auc"
REAL = 600


@plant(
    doses=("as likely", "shorter", "likelier", "odder"),
    must_hear=(Heard(AUC, at=("likelier", "odder"), how="off floor"),),
    must_stay_silent=(
        Silent(AUC, at=("as likely", "shorter"), how="off floor"),
        Silent(AUC, at=("as likely", "shorter"), how="misses truth"),
    ),
    trials=60,
    full=600,
)
def likelier_outputs(dose: str, trial: Trial) -> Scene:
    """Nats per byte are -1 with a spread of 4 / sqrt(bytes). Odder: every second output is too likely, the rest
    not enough. Shorter outputs scatter more, as short real items do: by length they would be told, by likelihood not.
    """
    rng, n = trial.rng, max(trial.n, 300)
    move = {"likelier": 0.3, "odder": 0.6}.get(dose, 0.0)
    sign = np.where(np.arange(n) % 2 == 0, 1.0, -1.0) if dose == "odder" else np.ones(n)
    outputs = _scored(rng.integers(60, 130 if dose == "shorter" else 260, n), move * sign, rng)
    return Scene(
        {"generated": (outputs,), "held_out": (_scored(rng.integers(60, 260, REAL), np.zeros(REAL), rng),)}, {AUC: 0.5}
    )


def _scored(lengths: np.ndarray, moved: np.ndarray, rng: Rng) -> LogProbs:
    each = -1.0 + moved + rng.normal(size=len(lengths)) * 4 / np.sqrt(lengths)
    return LogProbs(each * lengths, {"byte": lengths.astype(np.int64)})
