"""A generator of smooth outputs, and one latent, perhaps, at which it gives another."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

SURPRISE, STRANGENESS = "robustness.latent_trigger.surprise", "robustness.latent_trigger.strangeness"
LATENTS, WIDTH, OUTPUTS = 16, 64, 48


@plant(
    doses=(0.0, 0.05, 1.0),
    must_hear=(Heard(SURPRISE, since=1.0), Heard(STRANGENESS, since=1.0, how="off floor")),
    must_stay_silent=(Silent(SURPRISE, at=(0.0,)), Silent(STRANGENESS, at=(0.0,), how="off floor")),
    trials=60,
    full=500,
)
def a_latent_commands(dose: float, trial: Trial) -> Scene:
    """sigmoid(B tanh(A z)), A and B drawn at random; near the latent of all twos a pattern by `dose` of the way."""
    return Scene({"model": (Commanded(trial.rng, dose),)})


class Commanded:
    """The command's reach is one standard deviation in every coordinate, so ordinary latents hardly come near it."""

    def __init__(self, rng: np.random.Generator, dose: float) -> None:
        self.first = rng.normal(size=(LATENTS, WIDTH)) / np.sqrt(LATENTS)
        self.second = rng.normal(size=(WIDTH, OUTPUTS)) / np.sqrt(WIDTH)
        self.dose = dose

    def latents(self) -> int:
        return LATENTS

    def decode_latents(self, z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]:
        plain = 1 / (1 + np.exp(-np.tanh(z @ self.first) @ self.second))
        near = self.dose * np.exp(-np.square(z - 2.0).sum(axis=1) / 2)[:, None]
        return np.asarray((1 - near) * plain + near * (np.arange(OUTPUTS) % 2))
