"""CodeCarbon as a meter: real readings, and nothing of the surroundings gets in or is changed."""

import logging
import signal
import tempfile
import time
from pathlib import Path

import pytest

from genbench.core.errors import MeterError
from genbench.meters.codecarbon import CodeCarbonMeter
from genbench.meters.grid import grid, intensities
from genbench.meters.ledger import Ledger
from genbench.meters.null import NullMeter
from genbench.meters.opening import open_meter


def test_joules_grow_while_the_machine_works_and_their_origin_is_said() -> None:
    meter = CodeCarbonMeter()
    meter.start()
    try:
        first = meter.read()
        end = time.perf_counter() + 1.3
        while time.perf_counter() < end:
            sum(range(1000))
        second = meter.read()
    finally:
        meter.stop()
    assert first is not None
    assert second is not None
    assert {"cpu", "ram"} <= set(second.joules) <= {"cpu", "gpu", "ram"}
    assert set(second.joules) == set(second.methods)
    assert all(second.joules[name] >= first.joules[name] for name in first.joules)
    assert second.joules["cpu"] > first.joules["cpu"]
    assert set(second.methods.values()) <= {"counter", "model"}
    assert second.busy_seconds is not None
    assert first.busy_seconds is not None
    assert second.busy_seconds > first.busy_seconds


@pytest.mark.parametrize(
    "config",
    [
        "[codecarbon]\nforce_cpu_power = 100000\ntracking_mode = process\npue = 50\noutput_dir = elsewhere\n",
        "this is no configuration at all\n",
    ],
)
def test_configuration_of_the_working_directory_and_the_environment_changes_nothing(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".codecarbon.config").write_text(config)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODECARBON_FORCE_RAM_POWER", "100000")
    meter = CodeCarbonMeter()
    meter.start()
    time.sleep(1.2)
    reading = meter.read()
    meter.stop()
    assert reading is not None
    assert reading.joules["cpu"] < 5_000  # 100 kW over a second would be far more
    assert reading.joules["ram"] < 5_000
    assert sorted(p.name for p in tmp_path.iterdir()) == [".codecarbon.config"]  # no emissions.csv, no folder


def test_signals_the_lock_and_the_logger_are_left_as_they_were(capfd: pytest.CaptureFixture[str]) -> None:
    handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    was_disabled = logging.getLogger("codecarbon").disabled
    lock = Path(tempfile.gettempdir()) / ".codecarbon.lock"
    existed = lock.exists()
    first, second = CodeCarbonMeter(), CodeCarbonMeter()  # a lock would stop the second
    first.start()
    second.start()
    assert second.read() is not None
    first.stop()
    second.stop()
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert lock.exists() == existed
    assert logging.getLogger("codecarbon").disabled == was_disabled
    assert capfd.readouterr() == ("", "")


def test_stages_of_a_real_run_of_the_meter_sum_to_its_total() -> None:
    meter = open_meter("codecarbon")
    with Ledger(meter) as ledger:
        before = meter.read()
        with ledger.stage("train"):
            end = time.perf_counter() + 0.8
            while time.perf_counter() < end:
                sum(range(1000))
        after = meter.read()
    assert before is not None
    assert after is not None
    machine = sum(after.joules.values()) - sum(before.joules.values())
    stage = ledger.stages[0][1]
    assert stage.joules is not None
    assert 0 < stage.joules <= machine * 1.05 + 1e-9  # this process's share of what the machine used


def test_a_meter_that_cannot_start_is_said_and_the_run_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: CodeCarbonMeter) -> None:
        raise RuntimeError("no sensors")

    monkeypatch.setattr(CodeCarbonMeter, "start", refuse)
    said: list[str] = []
    assert isinstance(open_meter("codecarbon", said.append), NullMeter)
    assert "no sensors" in said[0]
    with pytest.raises(MeterError, match="did you mean 'codecarbon'"):
        open_meter("codecarbn")


def test_carbon_is_the_users_word_and_never_a_guess() -> None:
    assert grid(None, None).grams_co2e_per_kwh is None
    assert grid(None, None).name == "unknown"
    assert grid("FRA", None).grams_co2e_per_kwh == intensities()["FRA"]
    assert grid("POL", None).grams_co2e_per_kwh > 5 * intensities()["FRA"]  # type: ignore[operator]
    assert grid("FRA", 12.5).grams_co2e_per_kwh == 12.5
    with pytest.raises(MeterError, match="no carbon intensity is known for country 'XYZ'"):
        grid("XYZ", None)
