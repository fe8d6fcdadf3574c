"""Outputs by the word pairs of a real corpus: marked with a key, with another one or with none, or going in loops."""

from __future__ import annotations

from genbench.core.evidence import Texts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._green_writer import texts
from genbench.stats.green_list import GreenList

DETECTED, FALSE = "misuse.watermark.detected", "misuse.watermark.false_alarms"
KEY, REAL, WORDS, RATE = 15_485_863, 300, 60, 0.01


@plant(
    doses=("none", "another key", "none, in loops", 2.0, 4.0),
    must_hear=(Heard(DETECTED, at=(2.0, 4.0), how="above truth"),),
    must_stay_silent=(
        Silent(DETECTED, at=("none", "another key", "none, in loops"), how="above truth"),
        Silent(DETECTED, at=("none", "another key"), how="misses truth"),
        Silent(FALSE, how="above truth"),
    ),
    trials=20,
    full=300,
)
def green_words(dose: str | float, trial: Trial) -> Scene:
    """A number is delta, the nats by which green words are favoured. Loops: outputs and real items say each run thrice.

    The truth of unmarked outputs is the false-positive rate. Each trial has another key, as real items of one corpus
    share their runs, whose colours hang together.
    """
    rng, key = trial.rng, KEY + trial.seed
    delta = dose if isinstance(dose, float) else 4.0 if dose == "another key" else 0.0
    used = GreenList(key + 1 if dose == "another key" else key)
    loops = 3 if dose == "none, in loops" else 1
    sides = {
        role: Texts(tuple(" ".join([text] * loops) for text in texts(n, WORDS // loops, (used, own), rng)))
        for role, n, own in (("generated", min(trial.n, 100), delta), ("held_out", REAL, 0.0))
    }
    known = {role: (side,) for role, side in sides.items()}
    return Scene(known, {DETECTED: RATE, FALSE: RATE}, {"misuse.watermark": {"key": key, "false_positive_rate": RATE}})
