"""Outputs that truncation leaves alone, makes other outputs of, or draws together."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features, Truncations
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

LOST, GAINED, IDENTITY, CLASS = (
    f"robustness.truncation.{name}" for name in ("recall_lost", "precision_gained", "identity_kept", "class_kept")
)
D, CLASSES = 6, 4


@plant(
    doses=(0.0, 0.3, "redrawn", "drawn in", "collapsed"),
    must_hear=(
        Heard(IDENTITY, at=(0.3,), how="off floor"),
        Heard(CLASS, at=(0.3,), how="off floor"),
        Heard(LOST, at=("drawn in",), how="off floor"),
        Heard(GAINED, at=("drawn in",), how="off floor"),
        Heard(LOST, at=("collapsed",), how="refused: collapsed"),
    ),
    must_stay_silent=(
        Silent(LOST, at=(0.0, 0.3, "redrawn"), how="misses truth"),
        Silent(GAINED, at=(0.0, 0.3, "redrawn"), how="misses truth"),
        Silent(IDENTITY, at=(0.0, 0.3), how="misses truth"),
        Silent(CLASS, at=(0.0, 0.3), how="misses truth"),
        Silent(IDENTITY, at=(0.0,), how="off floor"),
    ),
    trials=20,
)
def drawn_in(dose: float | str, trial: Trial) -> Scene:
    """Normal outputs, half again as wide as real items. A share of them, the dose, turns into others when truncated.

    redrawn: truncated outputs are a second draw of the same. drawn in: a third as wide. collapsed: all are one.
    """
    rng, n = trial.rng, trial.n
    z, labels = 1.5 * rng.normal(size=(n, D)), rng.integers(CLASSES, size=n)
    turned = rng.random(n) < (dose if isinstance(dose, float) else 0.0)
    other = rng.permutation(n)
    turned &= other != np.arange(n)
    then, said = np.where(turned[:, None], z[other], z), np.where(turned, (labels + 1) % CLASSES, labels)
    if dose == "redrawn":
        then = 1.5 * rng.normal(size=(n, D))
    if dose == "drawn in":
        then = 0.3 * z
    if dose == "collapsed":
        z, then = np.ones_like(z), np.ones_like(z)
    generated = Truncations(np.stack([z, then]), (1.0, 0.7), np.stack([labels, said]))
    kept = 1 - float(dose) * (n - 1) / n if isinstance(dose, float) else 0.0
    truth = {LOST: 0.0, GAINED: 0.0, IDENTITY: kept, CLASS: kept}
    return Scene({"generated": (generated,), "held_out": (Features(rng.normal(size=(n, D))),)}, truth)
