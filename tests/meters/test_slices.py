"""A slice between two readings: shared by CPU seconds, corrected where a counter wrapped, spread over its hours."""

from datetime import UTC, datetime

import pytest

from genbench.core.meter import Reading
from genbench.meters.slices import Slice, by_hour, slices

BY = {"cpu": "counter", "gpu": "counter", "ram": "model"}


def cut(before: Reading, now: Reading, own_seconds: float = 1.0, idle: dict[str, float] | None = None) -> list[Slice]:
    return list(slices(before, now, 2.0, own_seconds, idle or {}))


def test_cpu_and_ram_are_shared_by_cpu_seconds_and_a_gpu_is_not() -> None:
    before = Reading({"cpu": 10.0, "gpu": 5.0, "ram": 1.0}, BY, busy_seconds=100.0)
    now = Reading({"cpu": 50.0, "gpu": 25.0, "ram": 9.0}, BY, busy_seconds=104.0)
    assert [(s.component, s.whole, s.own) for s in cut(before, now)] == [
        ("cpu", 40.0, 10.0), ("gpu", 20.0, 20.0), ("ram", 8.0, 2.0)
    ]  # fmt: skip


def test_idle_joules_are_shared_alike_and_never_more_than_what_was_used() -> None:
    before = Reading({"cpu": 0.0, "gpu": 0.0, "ram": 0.0}, BY, busy_seconds=0.0)
    now = Reading({"cpu": 40.0, "gpu": 20.0, "ram": 8.0}, BY, busy_seconds=4.0)
    cpu, gpu, ram = cut(before, now, idle={"cpu": 3.0, "ram": 100.0})
    assert cpu.idle == pytest.approx(3.0 * 2.0 / 4)
    assert gpu.idle is None
    assert ram.idle == ram.own == 2.0


@pytest.mark.parametrize(
    ("before", "now", "used"), [(262_000.0, 143.0, 286.0), (262_143.0, 0.0, 0.0), (5.0, 0.0, 262_138.0)]
)
def test_a_counter_that_wrapped_is_corrected_by_its_range(before: float, now: float, used: float) -> None:
    (found,) = cut(
        Reading({"cpu": before}, BY, ranges={"cpu": 262_143.0}), Reading({"cpu": now}, BY, ranges={"cpu": 262_143.0})
    )
    assert found.whole == pytest.approx(used)
    assert found.lost == ""


@pytest.mark.parametrize("ranges", [{}, {"gpu": 1e6}, {"cpu": 10.0}])
def test_without_a_range_that_fits_the_slice_is_lost_and_said(ranges: dict[str, float]) -> None:
    (found,) = cut(Reading({"cpu": 950.0}, BY), Reading({"cpu": 3.0}, BY, ranges=ranges))
    assert found.own == 0.0
    assert found.lost == "the cpu counter went back from 950 to 3 J, and its range is not known"


def test_a_component_that_was_not_there_before_or_that_the_meter_lost_is_no_zero() -> None:
    before = Reading({"cpu": 1.0}, BY)
    cpu, gpu = cut(before, Reading({"cpu": 2.0, "gpu": 900.0}, BY, lost=("cpu",)))
    assert "cpu counter could not be followed" in cpu.lost
    assert "gpu counter could not be followed" in gpu.lost


def test_joules_fall_to_the_hours_in_which_they_were_spent() -> None:
    began = datetime(2026, 12, 31, 22, 45, tzinfo=UTC).timestamp()
    found = by_hour(began, began + 1.5 * 3600, 60.0)
    assert found == pytest.approx({"2026-12-31T22": 10.0, "2026-12-31T23": 40.0, "2027-01-01T00": 10.0})
    assert by_hour(began, began, 5.0) == {"2026-12-31T22": 5.0}
