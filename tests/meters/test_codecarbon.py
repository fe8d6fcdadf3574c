"""CodeCarbon as a meter: real readings, and nothing of the surroundings gets in or is changed."""

import logging
import signal
import tempfile
import time
from pathlib import Path

import pytest

from genbench.core.errors import MeterError
from genbench.meters.codecarbon import CodeCarbonMeter
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


def test_idle_power_is_what_codecarbons_models_come_to_when_nothing_is_done() -> None:
    meter = CodeCarbonMeter()
    meter.start()
    try:
        cpu = next(part for part in meter._hardware() if type(part).__name__ == "CPU")
        ram = next(part for part in meter._hardware() if type(part).__name__ == "RAM")
        watts = meter.idle_watts()
        assert watts["ram"] == pytest.approx(ram.total_power().W)
        if cpu._mode == "cpu_load":
            cpu._cpu_load_meter.percent = lambda: 0.0
            assert watts["cpu"] == pytest.approx(cpu._get_power_from_cpu_load().W)
        else:
            assert "cpu" not in watts
    finally:
        meter.stop()


def test_its_own_total_is_what_it_had_told_by_its_stop() -> None:
    meter = CodeCarbonMeter()
    meter.start()
    time.sleep(0.2)
    last = meter.read()
    meter.stop()
    assert last is not None
    total = meter.own_total()
    assert set(total) == set(last.joules)
    assert all(total[name] >= last.joules[name] for name in total)
    assert sum(total.values()) < sum(last.joules.values()) + 100 * 5  # a hundred watts for five seconds at most


class Rapl:
    """A counter as Linux shows it: files that hold microjoules, written by the test instead of the kernel."""

    def __init__(self, folder: Path, *, full: int | None) -> None:
        self.folder = folder / "intel-rapl" / "intel-rapl:0"
        self.folder.mkdir(parents=True)
        (self.folder / "name").write_text("package-0\n")
        if full is not None:
            (self.folder / "max_energy_range_uj").write_text(f"{full}\n")

    def show(self, microjoules: int) -> None:
        (self.folder / "energy_uj").write_text(f"{microjoules}\n")

    def under(self, meter: CodeCarbonMeter) -> None:
        """Puts CodeCarbon's own reader of such files in the place of its model of the CPU."""
        from codecarbon.external.hardware import CPU

        reader = CPU("", "intel_rapl", "a processor", 100, rapl_dir=str(self.folder.parent))
        reader.start()
        parts = meter._hardware()
        meter._tracker._hardware = [part for part in parts if type(part).__name__ != "CPU"] + [reader]


@pytest.mark.parametrize("full", [262_143_000_000, None], ids=["range known", "range unknown"])
def test_a_rapl_counter_that_wraps_is_corrected_or_said(full: int | None, tmp_path: Path) -> None:
    rapl = Rapl(tmp_path, full=full)
    rapl.show(262_100_000_000)
    meter = CodeCarbonMeter()
    meter.start()
    said: list[str] = []
    try:
        rapl.under(meter)
        with Ledger(meter, say=said.append) as ledger:
            with ledger.stage("train") as train:
                time.sleep(0.55)
                rapl.show(7_000_000)  # 43 J to the end of the range, and 7 J since
            with ledger.stage("sample") as sample:
                time.sleep(0.55)
                rapl.show(27_000_000)
    finally:
        meter.stop()
    cpu = {part.component: part for part in sample.stage.parts}["cpu"]
    assert cpu.method == "counter"
    assert ledger.machine["cpu"] == pytest.approx(70.0 if full else 20.0, rel=1e-3)
    if full:
        assert train.stage.joules is not None
        assert said == []
    else:
        assert train.stage.joules is None
        assert "the cpu counter could not be followed" in said[0]
        assert len(said) == 1


class Nvml:
    """As much of NVML as CodeCarbon asks of a board. It draws 50 W; `counts`: and counts its millijoules."""

    class NVMLError(Exception):
        """What NVML raises where a board cannot tell."""

    class NVMLError_NotSupported(NVMLError):  # noqa: N801
        """Named so by NVML."""

    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *, counts: bool) -> None:
        self.counts, self.millijoules = counts, 5_000_000

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:
        if not self.counts:
            raise self.NVMLError("Not Supported")
        return self.millijoules

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        return 50_000

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: int) -> int:
        return 300_000

    def nvmlDeviceGetName(self, handle: int) -> str:
        return "A board"

    def nvmlDeviceGetUUID(self, handle: int) -> str:
        return "GPU-0"

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> object:
        return type("Rates", (), {"gpu": 10})()

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> object:
        return type("Memory", (), {"free": 1, "total": 2, "used": 1})()


@pytest.mark.parametrize("counts", [True, False], ids=["with a counter", "without one"])
def test_a_gpu_is_read_by_its_counter_and_else_by_its_power_and_which_is_said(
    counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codecarbon.core import gpu, gpu_nvidia

    board = Nvml(counts=counts)
    monkeypatch.setattr(gpu_nvidia, "pynvml", board)
    monkeypatch.setattr(gpu, "PYNVML_AVAILABLE", True)
    from codecarbon.external.hardware import GPU

    meter = CodeCarbonMeter()
    meter.start()
    try:
        part = GPU.from_utils(None)
        part.start()
        meter._tracker._hardware = [*meter._hardware(), part]
        with Ledger(meter) as ledger, ledger.stage("train") as train:
            began = time.perf_counter()
            time.sleep(0.6)
            board.millijoules += 90_000
            took = time.perf_counter() - began
    finally:
        meter.stop()
    found = {p.component: p for p in train.stage.parts}["gpu"]
    assert found.method == ("counter" if counts else "sampled")
    assert found.joules == pytest.approx(90.0 if counts else 50 * took, rel=0.25 if not counts else 1e-3)
    assert found.high / found.joules == pytest.approx(1.05 if counts else 1.40)
    assert ("counter" in train.stage.method) == counts
