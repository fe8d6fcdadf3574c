"""Translations that come back because of what nobody sees in them."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Arrays
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

ERROR, HIDDEN = "robustness.cycle.error", "robustness.cycle.hidden"
SHAPE = (1, 8, 8)
FAINT = 0.004  # of the range: how much of the input a translation holds that hides it
GRAIN = 4 / 255  # to either side: what is drawn anew


@plant(
    doses=("inverted", "forgetful", "hidden"),
    must_hear=(Heard(HIDDEN, at=("hidden",)), Heard(ERROR, at=("forgetful",), how="off floor")),
    must_stay_silent=(
        Silent(HIDDEN, at=("inverted", "forgetful")),
        Silent(ERROR, at=("inverted", "hidden"), how="off floor"),
        Silent(ERROR, how="misses truth"),
        Silent(HIDDEN, how="refused: "),
    ),
    trials=20,
)
def invisible_message(dose: str, trial: Trial) -> Scene:
    """inverted: y = 1 - x, and back. forgetful: y is any item of the other domain, and so is what comes back.

    hidden: y is any item of the other domain plus 0.004 x, from which x comes back exactly, until that is lost.
    """
    n, rng = trial.n, trial.rng
    x, others, real = (0.2 + 0.6 * rng.random((n, *SHAPE)) for _ in range(3))
    y = 1 - x
    if dose != "inverted":
        y = others + (FAINT * x if dose == "hidden" else 0.0)
    moved = y + rng.uniform(-GRAIN, GRAIN, y.shape)
    if dose == "inverted":
        back, again = 1 - y, 1 - moved
    elif dose == "hidden":
        back, again = (np.clip((seen - others) / FAINT, 0, 1) for seen in (y, moved))
    else:
        back = again = 0.2 + 0.6 * rng.random((n, *SHAPE))
    sides = {"source": x, "generated": y, "held_out": real, "cycled": back, "moved": moved, "recycled": again}
    truth = {ERROR: 1.0 if dose == "forgetful" else 0.0}
    return Scene({role: (Arrays(items, 0.0, 1.0),) for role, items in sides.items()}, truth)
