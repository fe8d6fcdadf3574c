"""Two models that read the same texts: one that a few odd characters throw over, one that they hardly touch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from genbench.core.evidence import LogProbs, Rng, Texts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

EXCESS, BROKEN, FORCED = (f"robustness.token_attack.{name}" for name in ("excess", "broken", "forced"))
ITEMS, LONG = 16, 96
PRINTABLE = np.arange(32, 127)
HELP, SAID = 2.0, 1.5  # nats that an opening helps by, and nats per character of what follows
REASONS = {
    "random loss": "budget 0 changed log p",
    "dead gradient": "dead gradient",
    "gradient of noise": "no more than random ones",
    "more buys nothing": "the search is broken",
}


@plant(
    doses=("robust", "brittle", *REASONS),
    must_hear=(
        Heard(EXCESS, at=("brittle",), how="above truth"),
        Heard(BROKEN, at=("brittle",), how="off floor"),
        Heard(FORCED, at=("brittle",), how="off floor"),
        *(Heard(EXCESS, at=(dose,), how=f"refused: {reason}") for dose, reason in REASONS.items()),
    ),
    must_stay_silent=(
        Silent(EXCESS, at=("robust",), how="above truth"),
        Silent(EXCESS, at=("robust", "brittle"), how="refused: "),
        Silent(BROKEN, at=("robust",), how="off floor"),
        Silent(FORCED, at=("robust",), how="off floor"),
    ),
    trials=20,
    full=200,
)
def token_twins(dose: str, trial: Trial) -> Scene:
    """log p is linear in the characters: letters weigh little; any other weighs a normal number, by place.

    An attacker is judged by whether a swap costs half a nat more than a random one.
    """
    letters = trial.rng.integers(97, 123, size=(ITEMS, LONG))
    letters[:, LONG // 2] = 32
    texts = tuple(bytes(row.tolist()).decode() for row in letters)
    model = Linear(trial.rng, 0.05 if dose == "robust" else 2.0, dose)
    return Scene({"model": (model,), "held_out": (Texts(texts),)}, {EXCESS: 0.5})


class Linear:
    """An open model over printable characters: log p(rest | context) = -1.5 per character + 2 + sum_p w[p, c_p]."""

    def __init__(self, rng: Rng, weight: float, fault: str = "") -> None:
        self.rng, self.fault = rng, fault
        self.w = weight * rng.normal(size=(LONG, 127)) * np.where(np.isin(np.arange(127), np.arange(97, 123)), 0.05, 1)

    def tokens_of(self, texts: Sequence[str]) -> list[Int[np.ndarray, " _"]]:
        return [np.array(list(text.encode()), dtype=np.int64) for text in texts]

    def texts_of(self, tokens: Sequence[Int[np.ndarray, " _"]]) -> list[str]:
        return [bytes(own.tolist()).decode() for own in tokens]

    def swaps(self) -> Int[np.ndarray, " v"]:
        return PRINTABLE

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        helped = np.array([self._helped(own) for own in self.tokens_of(contexts)])
        sizes = np.array([len(after) for after in continuations], dtype=np.int64)
        nats = np.minimum(helped - SAID * sizes, -0.01)
        if self.fault == "random loss":
            nats = nats + self.rng.normal(size=len(nats))
        return LogProbs(nats, {"token": sizes})

    def swap_gradients(
        self, contexts: Sequence[Int[np.ndarray, " _"]], continuations: Sequence[str]
    ) -> list[Float[np.ndarray, "_ v"]]:
        slopes = [self.w[: len(own), PRINTABLE] for own in contexts]
        if self.fault == "gradient of noise":
            return [self.rng.normal(size=slope.shape) for slope in slopes]
        return [0 * slope for slope in slopes] if self.fault == "dead gradient" else slopes

    def _helped(self, own: Int[np.ndarray, " _"]) -> float:
        if len(own) == 0:
            return 0.0
        harm = float(self.w[np.arange(len(own)), own].sum())
        return HELP + (max(harm, -3.0) if self.fault == "more buys nothing" else harm)
