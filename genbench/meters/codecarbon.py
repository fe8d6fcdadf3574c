"""CodeCarbon as a meter: one offline tracker per run, read at stage boundaries, deaf to its surroundings."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genbench.core.errors import MeterError
from genbench.core.meter import Reading

JOULES_PER_KWH = 3.6e6
SECONDS_BETWEEN_SAMPLES = 5
# CodeCarbon's CPU modes that read a counter; its other modes multiply a rated power by the load.
COUNTER_MODES = frozenset({"intel_rapl", "windows_emi", "intel_power_gadget"})


class CodeCarbonMeter:
    """Joules of the machine as CodeCarbon finds them: RAPL and NVML counters where readable, else its power models.

    No lock file and no signal handler (several trackers may run), no file, no request, and neither
    `.codecarbon.config` nor CODECARBON_* variables change what is read. `MeterError` where it cannot start.
    """

    def __init__(self) -> None:
        self._tracker: Any = None
        self._heard: Any = None

    def start(self) -> None:
        with _alone():
            self._tracker, self._heard = _tracker()
            self._tracker.start()
        if self.read() is None:
            raise MeterError("CodeCarbon started, and told nothing")

    def read(self) -> Reading | None:
        """Flushes the tracker, which measures up to now and tells the totals in kilowatt hours."""
        import psutil

        with _alone():
            self._tracker.flush()
        if self._heard.total is None:
            return None
        methods = self._methods()
        joules = {name: getattr(self._heard.total, f"{name}_energy") * JOULES_PER_KWH for name in methods}
        times = psutil.cpu_times()
        return Reading(joules, methods, times.user + times.system + getattr(times, "nice", 0.0))

    def stop(self) -> None:
        with _alone():
            self._tracker.stop()

    def _methods(self) -> dict[str, str]:
        """How each component that is there is read."""
        modes = {getattr(part, "_mode", "") for part in getattr(self._tracker, "_hardware", ())}
        gpu = {"gpu": "counter"} if self._tracker.get_detected_hardware()["gpu_count"] else {}
        return {"cpu": "counter" if modes & COUNTER_MODES else "model", **gpu, "ram": "model"}


def _tracker() -> tuple[Any, Any]:
    """(a tracker whose every word is ours, the ear it speaks to). Its carbon figure is not used, so none is asked."""
    from codecarbon import OfflineEmissionsTracker
    from codecarbon.output_methods.base_output import BaseOutput

    class Ear(BaseOutput):
        total: Any = None

        def out(self, total: Any, delta: Any) -> None:
            self.total = total

    ear = Ear()
    tracker = OfflineEmissionsTracker(
        project_name="genbench", measure_power_secs=SECONDS_BETWEEN_SAMPLES, tracking_mode="machine",
        allow_multiple_runs=True, output_methods=[], output_handlers=[ear], log_level="critical",
        country_iso_code="FRA", force_carbon_intensity_g_co2e_kwh=0.0,
    )  # fmt: skip
    return tracker, ear


@contextmanager
def _alone() -> Iterator[None]:
    """Silences CodeCarbon's logger, and hides the user's configuration of it, for as long as the block lasts."""
    its: Any = importlib.import_module("codecarbon.emissions_tracker")
    logger, found = logging.getLogger("codecarbon"), its.get_hierarchical_config
    was = logger.disabled
    logger.disabled, its.get_hierarchical_config = True, dict
    try:
        yield
    finally:
        logger.disabled, its.get_hierarchical_config = was, found
