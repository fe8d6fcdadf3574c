"""Stages add up, short and unread ones are not guessed, and every bound is the meter's."""

import time
from dataclasses import replace

import pytest

from genbench.core.evidence import Energy, Part, Stage
from genbench.core.score import Absent
from genbench.meters.ledger import Ledger
from genbench.meters.null import NullMeter
from genbench.probes.energy.footprint import footprint

TRAIN = Stage("train", 10.0, 18.0, 500.0, 400.0, 600.0, "counter")
SAMPLE = Stage("sample", 2.0, 2.0, 40.0, 30.0, 60.0, "counter", samples=400)
SCORE = Stage("score", 1.0, 0.9, 15.0, 10.0, 25.0, "model")
LOOK = Stage("look", 4.0, 4.0, 70.0, 42.0, 98.0, "model")
METRICS = footprint.__genbench__.reports


def test_truth_stages_add_up_to_the_total():
    found = footprint(Energy((TRAIN, SAMPLE, SAMPLE, SCORE), (LOOK,), 250.0, "France"))
    assert set(found) == set(METRICS)
    total = found["total"]
    per_sample = found["sample_per_1000"].value / 1000
    assert total.value == found["train"].value + 800 * per_sample + found["score"].value == 595.0
    assert (total.interval.low, total.interval.high) == (470.0, 745.0)
    assert total.n == 4
    assert (found["evaluation"].value, found["evaluation"].interval.high) == (70.0, 98.0)  # apart from the total
    assert total.detail.facts["method"] == "counter, model"
    assert found["cpu_seconds"].value == pytest.approx(22.9)
    assert found["cpu_seconds"].interval.low == found["cpu_seconds"].interval.high


def test_units_are_converted_with_their_bounds():
    found = footprint(Energy((TRAIN, SAMPLE, SCORE), (), 360.0, "named by the user"))
    assert found["sample_per_1000"].value == pytest.approx(100.0)
    assert found["sample_per_1000"].interval.high == pytest.approx(150.0)
    assert found["sample_per_1000"].n == 400
    assert found["kilowatt_hours"].value == pytest.approx(555 / 3.6e6)
    assert found["grams_co2e"].value == pytest.approx(555 / 1e4)
    assert found["grams_co2e"].interval.low == pytest.approx(440 / 1e4)
    assert found["grams_co2e"].detail.facts["grid"] == "named by the user"
    assert "grid" not in found["total"].detail.facts


def test_a_buildings_overhead_counts_for_electricity_and_gas_and_not_for_the_computers_joules():
    found = footprint(Energy((TRAIN, SAMPLE, SCORE), (), 360.0, "named by the user", pue=1.5))
    assert found["total"].value == 555.0
    assert found["kilowatt_hours"].value == pytest.approx(1.5 * 555 / 3.6e6)
    assert found["grams_co2e"].value == pytest.approx(1.5 * 555 / 1e4)
    assert found["grams_co2e"].interval.high == pytest.approx(1.5 * 685 / 1e4)
    assert found["grams_co2e"].detail.facts["PUE"] == 1.5
    without = footprint(Energy((TRAIN,), (), 360.0, "named by the user"))
    assert "none given" in without["kilowatt_hours"].detail.facts["PUE"]


def test_by_the_hour_each_hours_joules_weigh_its_own_intensity():
    night = replace(TRAIN, hours=(("2026-01-02T03", 400.0), ("2026-01-02T04", 100.0)))
    noon = replace(SAMPLE, hours=(("2026-01-02T12", 40.0),))
    hourly = {"2026-01-02T03": 50.0, "2026-01-02T04": 100.0, "2026-01-02T12": 900.0}
    grams = footprint(Energy((night, noon), (), None, "grid.csv", hourly))["grams_co2e"]
    by_hand = (400 * 50 + 100 * 100 + 40 * 900) / 3.6e6
    assert grams.value == pytest.approx(by_hand)
    assert grams.interval.low == pytest.approx(by_hand * 430 / 540)
    assert grams.detail.facts["gCO2e per kWh"] == pytest.approx((400 * 50 + 100 * 100 + 40 * 900) / 540, abs=1e-3)
    assert grams.detail.facts["grid"] == "grid.csv"


def test_an_hour_that_the_file_leaves_out_is_no_hour_without_gas():
    night = replace(TRAIN, hours=(("2026-01-02T03", 500.0),))
    for stages, problem in (
        ((night,), "grid.csv gives no carbon intensity for the hour 2026-01-02T03 (UTC)"),
        ((night, SAMPLE), "a stage was recorded without its hours"),
    ):
        found = footprint(Energy(stages, (), None, "grid.csv", {}))
        assert isinstance(found["grams_co2e"], Absent)
        assert problem in found["grams_co2e"].because
        assert found["total"].value > 0


def test_components_and_idle_power_are_said_within_the_joules_and_change_none():
    cpu, gpu = Part("cpu", "model", 100.0, 60.0, 140.0, 30.0), Part("gpu", "counter", 400.0, 380.0, 420.0, 150.0)
    found = footprint(Energy((replace(TRAIN, parts=(cpu, gpu)),)))["total"]
    assert found.value == 500.0
    assert found.detail.facts["cpu, by model"] == "100 J [60, 140]"
    assert found.detail.facts["gpu, by counter"] == "400 J [380, 420]"
    assert found.detail.facts["of that, idle"] == "180 J"
    unknown = footprint(Energy((replace(TRAIN, parts=(cpu, replace(gpu, idle=None))),)))["total"]
    assert "of that, idle" not in unknown.detail.facts


def test_nothing_is_said_of_stages_shorter_than_half_a_second_however_many():
    flash = replace(SCORE, seconds=0.2)
    found = footprint(Energy((TRAIN, *[flash] * 10)))
    assert isinstance(found["score"], Absent)
    assert "too short" in found["score"].because
    assert found["total"].value == found["train"].value == 500.0
    assert found["total"].detail.facts["stages too short to attribute energy to"] == "10, 2.00 s together"
    assert found["cpu_seconds"].value == pytest.approx(18.0 + 9.0)  # time is counted all the same


def test_samples_of_a_short_stage_do_not_dilute_the_cost_of_the_others():
    found = footprint(Energy((SAMPLE, replace(SAMPLE, seconds=0.1, samples=100_000))))
    assert found["sample_per_1000"].value == pytest.approx(100.0)


def test_part_of_a_cost_is_not_the_cost():
    unread = Stage("sample", 3.0, 3.0, samples=10)
    found = footprint(Energy((TRAIN, unread)))
    assert found["train"].value == 500.0
    for name in ("sample_per_1000", "total", "kilowatt_hours"):
        assert isinstance(found[name], Absent)
        assert "no meter could read sampling" in found[name].because


def test_absence_is_never_zero():
    found = footprint(Energy(()))
    assert all(isinstance(outcome, Absent) for outcome in found.values())
    assert "not trained here: it learns nothing, or came as it is" in found["train"].because
    assert "log-probabilities" in found["score"].because
    assert "country" in found["grams_co2e"].because
    assert "no samples" in footprint(Energy((replace(SAMPLE, samples=0),)))["sample_per_1000"].because


def test_a_meter_without_bounds_gives_no_interval_rather_than_a_false_one():
    found = footprint(Energy((TRAIN, replace(SCORE, joules_low=None, joules_high=None))))
    assert found["train"].interval is not None
    assert found["score"].interval is None
    assert found["total"].interval is None


def test_work_of_an_earlier_run_is_charged_and_said():
    found = footprint(Energy((replace(TRAIN, cached=True), SCORE)))
    assert found["total"].value == 515.0
    assert found["total"].detail.facts["stages made in an earlier run"] == 1


def test_other_stages_are_not_the_models():
    assert footprint(Energy((TRAIN, Stage("look", 9.0, 9.0, 1e6, 1e6, 1e6, "counter"))))["total"].value == 500.0


def test_no_metric_gives_an_alarm_or_claims_to_be_repeatable():
    assert all(metric.tolerance is None and not metric.repeatable for metric in METRICS.values())


def test_control_a_burn_uses_more_cpu_than_a_sleep_of_the_same_length():
    def spent(work):
        with Ledger(NullMeter()) as ledger, ledger.stage("train", model="m"):
            end = time.perf_counter() + 0.6
            while time.perf_counter() < end:
                work()
        return footprint(Energy(tuple(stage for model, stage in ledger.stages if model == "m")))

    burn, sleep = spent(lambda: sum(range(1000))), spent(lambda: time.sleep(0.1))
    assert burn["cpu_seconds"].value > 5 * sleep["cpu_seconds"].value
    assert "no meter could read" in burn["total"].because
