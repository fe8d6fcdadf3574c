"""Stages of known cost: side by side, one within another, one booked twice, and across a counter that wraps."""

from __future__ import annotations

import time

from genbench.core.evidence import Energy, Stage
from genbench.core.meter import SHORTEST, Reading
from genbench.meters.ledger import Ledger
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TRAIN, SAMPLE, TOTAL = (f"energy.footprint.{name}" for name in ("train", "sample_per_1000", "total"))
SAMPLES, LENGTH = 100, SHORTEST + 0.03  # seconds: no joules are attributed to a shorter stage
RANGE, NEAR_ITS_END, FAR = 1000.0, 650.0, 0.0  # joules that the counter can show, and where it starts
WHOLE = ("side by side", "nested", "wrapping")  # doses at which all is known
# Joules used from one reading to the next: ledger made, entered, then every beginning and end of a stage.
APART = (0.0, 5.0, 300.0, 7.0, 40.0, 2.0)
NESTED = (0.0, 5.0, 200.0, 40.0, 100.0, 2.0)


@plant(
    doses=("side by side", "nested", "wrapping", "range unknown", "booked twice"),
    must_hear=(
        Heard(TOTAL, at=("booked twice",), how="misses truth"),
        Heard(TOTAL, at=("range unknown",), how="refused: no meter could read sampling"),
        Heard(SAMPLE, at=("range unknown",), how="refused: no meter could read sampling"),
    ),
    must_stay_silent=(
        Silent(TOTAL, at=WHOLE, how="misses truth"),
        Silent(SAMPLE, at=WHOLE, how="misses truth"),
        Silent(TRAIN, at=(*WHOLE, "range unknown"), how="misses truth"),
    ),
    trials=2,
    full=20,
)
def metered_stages(dose: str, trial: Trial) -> Scene:
    """300 J of training and 40 J for 100 samples, by a counter that is read as a run reads it.

    Where the counter wraps within the sampling, its reading goes down. With its range known, nothing is lost; without,
    sampling has no reading and neither has the total, while training keeps its joules: none are invented or dropped.
    """
    wraps = dose in ("wrapping", "range unknown")
    start, steps = NEAR_ITS_END if wraps else FAR, NESTED if dose == "nested" else APART
    with Ledger(ScriptedCounter(start, steps, known=dose == "wrapping")) as ledger:
        with ledger.stage("train", model="planted"):
            time.sleep(LENGTH)
            if dose == "nested":
                _draw(ledger)
        if dose != "nested":
            _draw(ledger)
    mine: tuple[Stage, ...] = tuple(stage for model, stage in ledger.stages if model == "planted")
    twice = (mine[0],) if dose == "booked twice" else ()
    return Scene({"spent": (Energy((*mine, *twice)),)}, {TRAIN: 300.0, SAMPLE: 40.0 * 1000 / SAMPLES, TOTAL: 340.0})


def _draw(ledger: Ledger) -> None:
    with ledger.stage("sample", model="planted", samples=SAMPLES):
        time.sleep(LENGTH)


class ScriptedCounter:
    """A counter of joules that moves by a script, one step a reading, and is back at 0 at the end of its range."""

    def __init__(self, start: float, steps: tuple[float, ...], *, known: bool) -> None:
        self.total, self.steps = start, list(steps)
        self.ranges = {"cpu": RANGE} if known else {}

    def start(self) -> None:
        """It runs already."""

    def read(self) -> Reading:
        shown = Reading({"cpu": self.total % RANGE}, {"cpu": "counter"}, ranges=self.ranges)
        self.total += self.steps.pop(0) if self.steps else 0.0
        return shown

    def stop(self) -> None:
        """It runs on."""
