"""CodeCarbon as a meter: one offline tracker per run, read at stage boundaries, deaf to its surroundings."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genbench.core.errors import MeterError
from genbench.core.meter import JOULES_PER_KWH, Reading

SECONDS_BETWEEN_SAMPLES = 5  # a RAPL counter takes minutes to begin anew, so that no wrap is missed
COMPONENTS = ("cpu", "gpu", "ram")
POWER_SENSORS = frozenset({"AppleSiliconChip", "Raspberry"})  # parts that tell their power, not their energy
IDLE_SHARE = 0.1  # of the rated power: what CodeCarbon's model of a CPU under no load comes to
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
        methods, joules = self._methods(), _joules(self._heard.total)
        times = psutil.cpu_times()
        busy = times.user + times.system + getattr(times, "nice", 0.0)
        return Reading({name: joules[name] for name in methods}, methods, busy, lost=self._lost())

    def stop(self) -> None:
        with _alone():
            self._tracker.stop()

    def own_total(self) -> dict[str, float]:
        """CodeCarbon's own sum of the machine's joules, from its start to its stop."""
        whole = _joules(getattr(self._tracker, "final_emissions_data", None) or self._heard.total)
        return {name: whole[name] for name in self._methods()}

    def idle_watts(self) -> dict[str, float]:
        """By CodeCarbon's models: a CPU at no load draws a tenth of its rated power; memory draws the same at any."""
        known: dict[str, float] = {}
        for part in self._hardware():
            if type(part).__name__ == "RAM":
                known["ram"] = float(part.total_power().W)
            elif getattr(part, "_mode", "") == "cpu_load":
                known["cpu"] = IDLE_SHARE * float(part._tdp)
        return known

    def _hardware(self) -> list[Any]:
        return list(getattr(self._tracker, "_hardware", ()))

    def _methods(self) -> dict[str, str]:
        """How each component that is there is read."""
        modes = {getattr(part, "_mode", "") for part in self._hardware()}
        boards = [getattr(part, "devices", None) for part in self._hardware()]
        gpus = [device for board in boards for device in getattr(board, "devices", ())]
        kinds = {type(part).__name__ for part in self._hardware()}
        found = {"cpu": "counter" if modes & COUNTER_MODES else "sampled" if kinds & POWER_SENSORS else "model"}
        if gpus:
            # A GPU without a counter of energy is asked for its power every second instead.
            sampled = any(getattr(device, "_use_power_fallback", False) for device in gpus)
            found["gpu"] = "sampled" if sampled else "counter"
        elif self._tracker.get_detected_hardware()["gpu_count"]:
            found["gpu"] = "sampled"  # Apple's chips tell their power
        return {**found, "ram": "model"}

    def _lost(self) -> tuple[str, ...]:
        """Whether a CPU counter could not be followed since this was last asked: it wrapped, and its range is unknown.

        A wrap of known range CodeCarbon corrects, as it looks every few seconds.
        """
        lost = False
        for part in self._hardware():
            for counter in getattr(getattr(part, "_intel_interface", None), "_rapl_files", ()):
                lost |= bool(counter.sample_skipped or counter._warned_uncorrectable_wrap)
                counter.sample_skipped = counter._warned_uncorrectable_wrap = False
        return ("cpu",) if lost else ()


def _joules(total: Any) -> dict[str, float]:
    return {name: float(getattr(total, f"{name}_energy")) * JOULES_PER_KWH for name in COMPONENTS}


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
