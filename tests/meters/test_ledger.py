"""The ledger: every moment belongs to one stage, whatever is nested, broken or too short."""

import json
import time
from dataclasses import asdict

import pytest

from genbench.core.evidence import Stage
from genbench.core.meter import Reading
from genbench.meters.idle import Idle
from genbench.meters.ledger import HARNESS, Ledger
from genbench.meters.null import NullMeter


class ClockMeter:
    """A real meter of a made-up machine: ten watts of CPU and one of GPU, for as long as it is on."""

    def __init__(self, *, shared_with: float = 0.0, wrap: bool = False) -> None:
        self.began, self.shared_with, self.wrap = time.perf_counter(), shared_with, wrap
        self.stopped = False

    def start(self) -> None:
        self.began = time.perf_counter()

    def read(self) -> Reading:
        seconds = time.perf_counter() - self.began
        cpu = 10 * seconds
        if self.wrap and seconds > 0.3:
            cpu -= 1e6
        busy = time.process_time() * (1 + self.shared_with)
        return Reading({"cpu": cpu, "gpu": seconds}, {"cpu": "model", "gpu": "counter"}, busy)

    def stop(self) -> None:
        self.stopped = True


def burn(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(1000))


def test_nested_stages_are_charged_for_themselves_alone_and_sum_to_the_total() -> None:
    meter = ClockMeter()
    began = time.perf_counter()
    with Ledger(meter) as ledger:
        burn(0.1)
        with ledger.stage("train", model="a") as outer:
            burn(0.6)
            with ledger.stage("look", model="b") as inner:
                burn(0.6)
            burn(0.1)
    took = time.perf_counter() - began
    names = [stage.name for _, stage in ledger.stages]
    assert names == ["look", "train", HARNESS]
    assert outer.stage.seconds >= 0.7
    assert inner.stage.seconds >= 0.6
    seconds = sum(stage.seconds for _, stage in ledger.stages)
    assert 1.4 <= seconds <= took  # nothing is counted twice
    joules = [stage.joules for _, stage in ledger.stages]
    assert None not in joules
    assert sum(j or 0 for j in joules) == pytest.approx(11 * seconds, rel=0.1)
    assert meter.stopped


def test_a_stage_too_short_for_a_meter_gets_no_joules_and_none_are_lost() -> None:
    with Ledger(ClockMeter()) as ledger:
        with ledger.stage("probe", model="a"):
            burn(0.2)
        with ledger.stage("train", model="a"):
            burn(0.6)
    short, long, harness = (stage for _, stage in ledger.stages)
    assert short.joules is None
    assert short.method == "none"
    assert long.joules is not None
    assert harness.joules == pytest.approx(11 * (short.seconds + harness.seconds), rel=0.2)


def test_a_machine_shared_with_others_is_divided_by_cpu_seconds() -> None:
    spent = {}
    for others in (0.0, 3.0):
        with Ledger(ClockMeter(shared_with=others)) as ledger, ledger.stage("train") as train:
            burn(0.8)
        assert train.stage.joules is not None
        spent[others] = train.stage.joules / train.stage.seconds
    alone, crowded = spent[0.0], spent[3.0]
    # The CPU's ten watts are quartered; the GPU's one watt is not.
    assert crowded / alone == pytest.approx((10 / 4 + 1) / 11, rel=0.15)


def test_a_burn_costs_cpu_seconds_and_a_sleep_does_not() -> None:
    with Ledger(ClockMeter(shared_with=0.0)) as ledger:
        with ledger.stage("burn"):
            burn(0.6)
        with ledger.stage("sleep"):
            time.sleep(0.6)
    busy, idle = (stage for _, stage in ledger.stages[:2])
    assert busy.cpu_seconds > 10 * idle.cpu_seconds


def test_bounds_hold_the_value_and_are_wider_where_power_is_modelled() -> None:
    with Ledger(ClockMeter()) as ledger, ledger.stage("train") as train:
        burn(0.6)
    stage = train.stage
    assert stage.method == "counter+model"
    assert stage.joules is not None
    assert stage.joules_low is not None
    assert stage.joules_high is not None
    assert 0.6 * stage.joules < stage.joules_low < stage.joules < stage.joules_high < 1.4 * stage.joules


def test_a_counter_that_goes_back_for_no_known_reason_leaves_a_stage_unread_and_is_said() -> None:
    said: list[str] = []
    with Ledger(ClockMeter(wrap=True), say=said.append) as ledger, ledger.stage("train") as train:
        burn(0.6)
    assert train.stage.joules is None
    assert train.stage.parts == ()
    assert train.stage.seconds > 0.5
    assert len(said) == 1
    assert "the cpu counter went back" in said[0]
    assert "not counted as nothing" in said[0]


def test_parts_and_hours_of_a_stage_sum_to_it_and_idle_is_said_within() -> None:
    idle = Idle({"cpu": 4.0, "gpu": 1.0}, {"cpu": "measured", "gpu": "measured"})
    with Ledger(ClockMeter(shared_with=1.0), idle=idle) as ledger, ledger.stage("train") as train:
        burn(0.6)
    stage = train.stage
    cpu, gpu = stage.parts
    assert (cpu.component, cpu.method, gpu.component, gpu.method) == ("cpu", "model", "gpu", "counter")
    assert stage.joules == pytest.approx(cpu.joules + gpu.joules)
    assert stage.joules_low == pytest.approx(0.6 * cpu.joules + 0.95 * gpu.joules)
    assert stage.joules_high == pytest.approx(1.4 * cpu.joules + 1.05 * gpu.joules)
    assert sum(joules for _, joules in stage.hours) == pytest.approx(stage.joules)
    assert cpu.idle == pytest.approx(0.4 * cpu.joules, rel=0.02)  # 4 W of 10 W, in the same share
    assert gpu.idle == pytest.approx(gpu.joules, rel=0.02)
    assert Stage.read(json.loads(json.dumps(asdict(stage)))) == stage


def test_the_machines_joules_are_those_of_the_meter_and_stages_are_charged_with_their_share() -> None:
    meter = ClockMeter(shared_with=3.0)
    with Ledger(meter) as ledger, ledger.stage("train"):
        burn(0.6)
    charged = sum(stage.joules or 0.0 for _, stage in ledger.stages)
    assert sum(ledger.charged.values()) == pytest.approx(charged)
    assert ledger.charged["cpu"] == pytest.approx(ledger.machine["cpu"] / 4, rel=0.05)
    assert ledger.charged["gpu"] == ledger.machine["gpu"]
    assert ledger.own_total() is None  # this meter keeps no books


def test_without_a_meter_time_is_known_and_energy_is_not() -> None:
    with Ledger(NullMeter()) as ledger, ledger.stage("train", samples=3) as train:
        burn(0.55)
    assert train.stage == Stage("train", train.stage.seconds, train.stage.cpu_seconds, samples=3)
    assert train.stage.joules is None


def test_a_stage_that_breaks_is_recorded_at_once_and_the_error_goes_on() -> None:
    kept: list[tuple[str, Stage]] = []
    with Ledger(NullMeter(), lambda model, stage: kept.append((model, stage))) as ledger:
        with pytest.raises(ZeroDivisionError), ledger.stage("train", model="a"):
            raise ZeroDivisionError
        assert [(model, stage.name) for model, stage in kept] == [("a", "train")]
        assert ledger.stages == kept


def test_an_open_stage_has_no_record_yet() -> None:
    with Ledger(NullMeter()) as ledger, ledger.stage("train") as spent, pytest.raises(ValueError, match="not closed"):
        _ = spent.stage


def test_a_meter_that_dies_is_said_once_and_the_run_goes_on() -> None:
    class Dying(ClockMeter):
        left = 2

        def read(self) -> Reading:
            self.left -= 1
            if self.left < 0:
                raise OSError("the sensor is gone")
            return super().read()

        def stop(self) -> None:
            raise OSError("gone")

    said: list[str] = []
    with Ledger(Dying(), say=said.append) as ledger:
        for _ in range(3):
            with ledger.stage("train", model="a"):
                burn(0.55)
    assert said == ["energy is no longer measured: OSError: the sensor is gone"]
    assert [stage.joules for _, stage in ledger.stages[:3]] == [None, None, None]
    assert all(stage.cpu_seconds > 0 for _, stage in ledger.stages[:3])
