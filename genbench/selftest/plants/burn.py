"""A burn of known CPU time, and a sleep of the same length."""

from __future__ import annotations

import time

from genbench.core.evidence import Energy
from genbench.meters.ledger import Ledger
from genbench.meters.null import NullMeter
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

CPU = "energy.footprint.cpu_seconds"
SECONDS = 0.3


@plant(
    doses=("sleep", "burn"),
    must_hear=(Heard(CPU, since="burn", how="above truth"),),
    must_stay_silent=(Silent(CPU, at=("sleep",), how="above truth"),),
    trials=4,
    full=50,
)
def burn(dose: str, trial: Trial) -> Scene:
    """0.3 s of CPU time, or of sleep; heard where more than half of it is found. No meter is needed for that."""
    with Ledger(NullMeter()) as ledger, ledger.stage("train", model="planted"):
        if dose == "sleep":
            time.sleep(SECONDS)
        end = time.process_time() + SECONDS
        while dose == "burn" and time.process_time() < end:
            sum(range(1000))
    mine = tuple(stage for model, stage in ledger.stages if model == "planted")
    return Scene({"spent": (Energy(mine),)}, {CPU: SECONDS / 2})
