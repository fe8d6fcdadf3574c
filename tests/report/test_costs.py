"""The costs part of a report: by component, idle within, checked against the meter, and Annex XI's figures."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from report.staged import open_run

from genbench.core.evidence import Part, Stage
from genbench.core.score import Skipped
from genbench.report.cast import cast
from genbench.report.costs import Costs, costs
from genbench.report.html import compile_report
from genbench.results.run import Run

CPU = Part("cpu", "model", 60.0, 36.0, 84.0, 12.0)
GPU = Part("gpu", "counter", 240.0, 228.0, 252.0, 80.0)
TRAIN = Stage("train", 12.0, 20.0, 300.0, 264.0, 336.0, "counter+model", parts=(CPU, GPU))
HARNESS = Stage("harness", 1.0, 1.0, 5.0, 3.0, 7.0, "model", parts=(Part("cpu", "model", 5.0, 3.0, 7.0),))
IDLE = {"watts": {"cpu": 4.5, "gpu": 52.0}, "sources": {"cpu": "model", "gpu": "measured"}, "busy": 0.2}
BOOKS = {"machine": {"cpu": 100.0, "gpu": 240.0}, "charged": {"cpu": 65.0, "gpu": 240.0}, "before": {"cpu": 2.0}}
DECLARED = {
    "parameters": 177_312, "parameters_how": "every weight, once", "training_flop": 6.9e10,
    "training_flop_how": "counted per step", "training_seconds": 12.0, "training_kilowatt_hours": 8.3e-5,
    "training_kilowatt_hours_low": 7e-5, "training_kilowatt_hours_high": 9e-5, "training_energy_how": "gpu by counter",
    "sampling_flop_per_1000": None, "sampling_flop_per_1000_how": "the model holds no torch module",
}  # fmt: skip


def staged(path: Path, *, meters: Any = None, events: Any = (), own: Any = None) -> Run:
    folder = open_run(path, [{"name": "vae", "family": "vae", "data": "digits"}])
    if meters is not None:
        folder = replace(folder, header=replace(folder.header, suite={**folder.header.suite, "meters": meters}))
    folder.append_event("cost", key="k", owner="vae", stage=asdict(TRAIN))
    folder.append_stage("vae", TRAIN)
    folder.append_stage("", HARNESS)
    folder.append_event("meter", meter="codecarbon", idle=IDLE, **BOOKS, own_total=own)
    for kind, event in events:
        folder.append_event(kind, **event)
    folder.finish("finished")
    return Run(folder)


def counted(run: Run) -> Costs:
    return costs(run, cast(run))


def test_each_component_has_its_joules_its_bounds_its_method_and_idle_power_is_within(tmp_path: Path) -> None:
    parts = counted(staged(tmp_path / "run")).parts
    assert parts is not None
    vae, harness = parts.rows
    cpu, gpu, ram = vae.components
    assert cpu is not None
    assert gpu is not None
    assert (cpu.joules, cpu.interval, cpu.method) == ("60.0 J", "[36.0 J, 84.0 J]", "model")
    assert (gpu.joules, gpu.interval, gpu.method) == ("240 J", "[228 J, 252 J]", "counter")
    assert ram is None
    assert vae.idle == "92.0 J (31 %)"
    assert harness.idle == "not known"
    assert "CPU 4.50 W, by CodeCarbon's model" in parts.idle
    assert "GPU 52.0 W, measured during a second before the run" in parts.idle
    assert "20 % of the CPUs busy meanwhile" in parts.idle


def test_books_that_agree_say_so_and_what_this_run_is_charged_with(tmp_path: Path) -> None:
    check = counted(staged(tmp_path / "run", own={"cpu": 102.1, "gpu": 240.0})).check
    assert check.agree is True
    assert "CodeCarbon's own total is 342 J for the whole machine; ours is 340 J, besides 2.00 J" in check.words
    assert "agree within 0.1 %" in check.words
    assert "305 J (90 %) are charged to this run" in check.words


def test_books_that_do_not_agree_say_by_how_much(tmp_path: Path) -> None:
    check = counted(staged(tmp_path / "run", own={"cpu": 202.0, "gpu": 240.0})).check
    assert check.agree is False
    assert "do not agree: ours has 100 J fewer" in check.words


def test_a_run_without_a_meters_total_has_nothing_to_compare(tmp_path: Path) -> None:
    check = counted(staged(tmp_path / "run")).check
    assert check.agree is None
    assert "no total to compare with" in check.words


def test_the_making_of_the_machine_is_a_line_of_its_own_and_off_unless_asked_for(tmp_path: Path) -> None:
    assert counted(staged(tmp_path / "off")).carbon is None
    skipped = Skipped("energy.footprint", "vae", "digits", "", "the country is unknown", "grams_co2e")
    run = staged(tmp_path / "on", meters={"embodied": {"kg_co2e": 1262.3, "lifetime_years": 4.0}})
    run.folder.append_outcome("energy", [skipped])
    carbon = counted(run).carbon
    assert carbon is not None
    (row,) = carbon.rows
    assert row.embodied == "0.120 g"  # 1,262,300 g x 12 s / (4 x 31,557,600 s)
    assert (row.running, row.how) == ("", "the country is unknown")
    assert "It is in no other number of this report" in carbon.embodied
    assert counted(run).bills[0].total.joules == "300 J"


def test_annex_xi_shows_what_is_known_and_why_the_rest_is_not(tmp_path: Path) -> None:
    earlier = {**DECLARED, "model": "vae", "parameters": 1}
    events = [("annex_xi", earlier), ("annex_xi", {**DECLARED, "model": "vae"})]
    run = staged(tmp_path / "run", events=events, own={"cpu": 102.0, "gpu": 240.0})
    (row,) = counted(run).annex
    assert row.parameters.value == "177,312"  # as last written
    assert row.operations.value == "6.90 × 10¹⁰ FLOP"
    assert row.electricity.value == "8.30 × 10⁻⁵ kWh"
    assert row.electricity.how == "[7.00 × 10⁻⁵, 9.00 × 10⁻⁵] gpu by counter"
    assert (row.sampling.value, row.sampling.how) == ("", "the model holds no torch module")
    page = compile_report(run)
    for words in ("Figures for the EU AI Act, Annex XI", "By component", "Of that, idle", "Cross-check", "177,312"):
        assert words in page


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "\x1b[31mred"])
def test_words_of_a_record_are_inert_on_the_page(words: str, tmp_path: Path) -> None:
    hostile = {key: words if isinstance(value, str) else value for key, value in DECLARED.items()}
    page = compile_report(staged(tmp_path / "run", events=[("annex_xi", {**hostile, "model": "vae"})]))
    assert words not in page
