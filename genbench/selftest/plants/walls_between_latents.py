"""A generator that is a straight line but for a wall across its latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import chi2

from genbench.core.chance import stream
from genbench.run.joint import LEGS, Hands, walked
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

FULL, END, DETOUR = (f"quality.path_length.{name}" for name in ("w_full", "w_end", "detour"))
D, WIDTH, CLIFF = 8, 0.2, 4.0


class Walled:
    """G(w) = w, and in one more coordinate a wall of this height, `width` wide, across the first; w is z itself."""

    def __init__(self, height: float, *, width: float = WIDTH, scale: float = 1.0, levels: int = 0) -> None:
        self.height, self.width, self.scale, self.levels = height, width, scale, levels
        self.drawn: dict[int, np.ndarray] = {}

    def spaces(self) -> tuple[str, ...]:
        return "z", "w"

    def interpolate(
        self, starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], space: str
    ) -> Float[np.ndarray, "n d"]:
        """A line in either space. levels: how many there are to a unit where outputs are rounded; 0: they are not."""
        one, other = (np.stack([self._latent(seed) for seed in seeds]) for seeds in (starts, ends))
        w = one + places[:, None] * (other - one)
        wall = np.tanh(w[:, 0] / self.width) if self.width else np.sign(w[:, 0])
        x: np.ndarray = self.scale * np.column_stack([w, self.height / 2 * wall])
        return np.rint(x * self.levels) / self.levels if self.levels else x

    def _latent(self, seed: int) -> np.ndarray:
        if seed not in self.drawn:
            self.drawn[seed] = stream(seed, "walled").standard_normal(D)
        return self.drawn[seed]


class Eye:
    """A lens that sees arrays as they are."""

    def array_features(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        return x


def _trimmed() -> float:
    """The mean of |w1 - w2|^2, twice a chi-square, between its first and its last hundredth."""
    p = np.linspace(0.01, 0.99, 100_001)
    return 2 * float(np.trapezoid(chi2.ppf(p, D), p)) / 0.98


STRAIGHT = _trimmed()
AT_CLIFF = (2 * D + LEGS * CLIFF**2 / 2) / (2 * D + CLIFF**2 / 2)  # every other way falls down it, in one of its steps


@plant(
    doses=(0.0, 3.0, 10.0, "cliff", "collapsed", "rounded"),
    must_hear=(
        Heard(FULL, at=(10.0,), how="off floor"),
        Heard(DETOUR, at=(10.0, "cliff"), how="off floor"),
        Heard(FULL, at=("collapsed",), how="refused: collapsed"),
        Heard(DETOUR, at=("collapsed",), how="refused: collapsed"),
        Heard(FULL, at=("rounded",), how="refused: rounded"),
        Heard(END, at=("rounded",), how="refused: rounded"),
    ),
    must_stay_silent=(
        Silent(FULL, at=(0.0,), how="misses truth"),
        Silent(END, at=(0.0,), how="misses truth"),
        Silent(FULL, at=(0.0,), how="off floor"),
        Silent(DETOUR, at=(0.0,), how="off floor"),
        Silent(DETOUR, at=("cliff",), how="misses truth"),
    ),
    trials=20,
)
def walls_between_latents(dose: float | str, trial: Trial) -> Scene:
    """A wall as high as the dose. cliff: without width, which steps of 1e-4 miss. rounded: 256 levels to a unit."""
    made: dict[Any, Walled] = {
        "cliff": Walled(CLIFF, width=0.0),
        "collapsed": Walled(0.0, scale=0.0),
        "rounded": Walled(0.0, levels=256),
    }
    model = made[dose] if isinstance(dose, str) else Walled(float(dose))
    hands = Hands(model, Eye(), lambda work, some: list(work(some)), trial.seed)
    truth = {FULL: STRAIGHT, END: STRAIGHT} if dose == 0.0 else {DETOUR: AT_CLIFF}
    return Scene({"generated": (walked(hands, [None] * trial.n, ()),)}, truth)
