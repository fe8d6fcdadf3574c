"""Idle power: what a model says of itself is taken, and the rest is measured before the run."""

import time

import pytest

from genbench.core.meter import Reading
from genbench.meters.idle import UNKNOWN, idle_power
from genbench.meters.null import NullMeter


class Machine:
    """Seven watts of CPU and forty of GPU, by counters, and memory by a model of three watts."""

    def __init__(self, **methods: str) -> None:
        self.methods = methods
        self.reads = 0

    def start(self) -> None: ...

    def read(self) -> Reading:
        self.reads += 1
        now = time.perf_counter()
        watts = {"cpu": 7.0, "gpu": 40.0, "ram": 3.0}
        return Reading({name: watts[name] * now for name in self.methods}, self.methods, busy_seconds=0.0)

    def stop(self) -> None: ...


class Modelled(Machine):
    def idle_watts(self) -> dict[str, float]:
        return {"ram": 3.0}


def test_counters_are_measured_and_models_believed() -> None:
    idle = idle_power(Modelled(cpu="counter", gpu="sampled", ram="model"), length=0.05)
    assert idle.watts == pytest.approx({"cpu": 7.0, "gpu": 40.0, "ram": 3.0}, rel=0.01)
    assert idle.sources == {"cpu": "measured", "gpu": "measured", "ram": "model"}
    assert idle.busy == 0.0


def test_no_time_is_spent_where_models_say_all() -> None:
    meter = Modelled(ram="model")
    assert idle_power(meter, length=1e6).watts == {"ram": 3.0}
    assert meter.reads == 1


def test_a_model_that_does_not_tell_is_not_measured_in_its_place() -> None:
    assert idle_power(Machine(cpu="model"), length=1e6).watts == {}


def test_of_no_meter_nothing_is_known() -> None:
    assert idle_power(NullMeter()) == UNKNOWN
