"""A burn of known CPU time, and a sleep of the same length, on a machine that somebody else uses as well."""

from __future__ import annotations

import time

from genbench.core.evidence import Energy
from genbench.core.meter import SHORTEST, Reading
from genbench.meters.ledger import Ledger
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

CPU, TRAIN = "energy.footprint.cpu_seconds", "energy.footprint.train"
SECONDS = SHORTEST + 0.05
WATTS = 10.0


@plant(
    doses=("sleep", "burn"),
    must_hear=(Heard(CPU, since="burn", how="above truth"), Heard(TRAIN, since="burn", how="above truth")),
    must_stay_silent=(
        Silent(CPU, at=("sleep",), how="above truth"),
        Silent(TRAIN, at=("sleep",), how="above truth"),
    ),
    trials=4,
    full=50,
)
def burn(dose: str, trial: Trial) -> Scene:
    """0.55 s of CPU time, or of sleep; heard where more than half of that time, and a quarter of the joules, is found.

    The machine draws 10 W either way, as another process keeps one CPU busy: a sleeper is charged with next to nothing,
    a burner with about half.
    """
    with Ledger(SharedMachine()) as ledger, ledger.stage("train", model="planted"):
        if dose == "sleep":
            time.sleep(SECONDS)
        end = time.process_time() + SECONDS
        while dose == "burn" and time.process_time() < end:
            sum(range(1000))
    mine = tuple(stage for model, stage in ledger.stages if model == "planted")
    return Scene({"spent": (Energy(mine),)}, {CPU: SECONDS / 2, TRAIN: WATTS * SECONDS / 4})


class SharedMachine:
    """A counter of 10 W for as long as it is on, and CPU seconds of this process and of one that never rests."""

    def start(self) -> None:
        """It runs already."""

    def read(self) -> Reading:
        now = time.perf_counter()
        return Reading({"cpu": WATTS * now}, {"cpu": "counter"}, time.process_time() + now)

    def stop(self) -> None:
        """It runs on."""
