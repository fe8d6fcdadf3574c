"""From a meter's name in a suite to a started meter."""

from __future__ import annotations

from collections.abc import Callable

from genbench.core.errors import MeterError, suggestion
from genbench.core.meter import Meter
from genbench.meters.codecarbon import CodeCarbonMeter
from genbench.meters.null import NullMeter

METERS: dict[str, Callable[[], Meter]] = {"codecarbon": CodeCarbonMeter, "none": NullMeter}


def open_meter(name: str, say: Callable[[str], None] = lambda message: None) -> Meter:
    """A started meter. One that cannot start is said and stands as the null meter: a run needs no energy to be run."""
    if name not in METERS:
        raise MeterError(f"no meter is named {name!r}{suggestion(name, list(METERS))}")
    meter = METERS[name]()
    try:
        meter.start()
    except Exception as error:
        say(f"no energy is measured: the meter {name} cannot start: {type(error).__name__}: {error}")
        return NullMeter()
    return meter
