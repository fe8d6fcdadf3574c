"""An attack that cannot be believed, in every way that is known: the probe's own controls must refuse it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from genbench.core.evidence import Arrays, Rng
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

EXCESS, BROKEN = "robustness.adversarial.excess", "robustness.adversarial.broken"
D, ITEMS = 12, 60
LEAST = 0.1  # loss that is never 0, so that a whisper cannot double it
REASONS = {
    "outside its range": "budget 0 changed its input",
    "random loss": "budget 0 changed the loss",
    "gradient of noise": "disagrees with finite differences",
    "dead gradient": "dead gradient",
    "budget buys nothing": "ControlFailed",
    "collapsed": "collapsed",
}
Slope = Callable[[Float[np.ndarray, "n d"]], tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n d"]]]


@plant(
    doses=("whisper", "sound", *REASONS),
    must_hear=(
        Heard(EXCESS, at=("sound",), how="off floor"),
        Heard(BROKEN, at=("sound",), how="off floor"),
        *(Heard(EXCESS, at=(dose,), how=f"refused: {reason}") for dose, reason in REASONS.items()),
    ),
    must_stay_silent=(
        Silent(EXCESS, at=("whisper", "sound"), how="refused: ControlFailed"),
        Silent(BROKEN, at=("whisper",), how="off floor"),
    ),
    trials=40,
)
def attack_controls(dose: str, trial: Trial) -> Scene:
    """L = (w . x - 1)^2 + 0.1 as a model. Sound: attacked at the budget 0.05; a whisper: at 0.0005."""
    x = trial.rng.uniform(0.2, 0.8, size=(ITEMS, D))
    high = 0.5 if dose == "outside its range" else 1.0
    budget = 0.0005 if dose == "whisper" else 0.05
    steps = 40 if dose == "budget buys nothing" else 10
    model = Made(_slope(dose, trial.rng.normal(size=D), trial.rng))
    return Scene(
        {"model": (model,), "held_out": (Arrays(x, 0.0, high),)},
        settings={"robustness.adversarial": {"budget": budget, "steps": steps}},
    )


class Made:
    """A model that is nothing but a loss and what it says is its gradient."""

    def __init__(self, slope: Slope) -> None:
        self.slope = slope

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        return self.slope(x)


def _slope(dose: str, w: Float[np.ndarray, " d"], rng: Rng) -> Slope:
    def squared(x: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n d"]]:
        r = x @ w - 1.0
        return r**2 + LEAST, 2 * r[:, None] * w

    def periodic(x: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n d"]]:
        angle = 40 * (x @ w)
        return 2 + np.sin(angle), 40 * np.cos(angle)[:, None] * w

    def constant(x: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n d"]]:
        away = x - np.linspace(0.2, 0.8, D)
        return np.square(away).sum(axis=1), 2 * away

    if dose == "budget buys nothing":
        return periodic
    if dose == "collapsed":
        return constant
    if dose == "random loss":
        return lambda x: (squared(x)[0] * rng.uniform(0.5, 1.5, len(x)), squared(x)[1])
    if dose == "gradient of noise":
        return lambda x: (squared(x)[0], rng.normal(size=x.shape))
    if dose == "dead gradient":
        return lambda x: (squared(x)[0], np.zeros_like(x))
    return squared
