"""text-zoo: every family on all six axes or with a reason, controls beside them, and any model by its path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genbench.core.probe import AXES
from genbench.run.plan import make_plan
from genbench.run.suite import Suite

FILE = Path(__file__).parents[2] / "suites" / "text-zoo.yaml"
TRAINED = ("ngram", "lstm", "gpt", "bert")


@pytest.fixture(scope="module")
def plan():
    return make_plan(Suite.load("text-zoo"))


def test_every_trained_family_runs_on_all_six_axes(plan) -> None:
    running = {
        name: {cell.probe.axis for cell in plan.cells if cell.model.name == name and not cell.because}
        for name in TRAINED
    }
    assert running == {name: set(AXES) for name in TRAINED}


def test_no_model_is_without_its_controls(plan) -> None:
    families = {cell.model.name: cell.model.entry.id for cell in plan.cells}
    assert families["copycat"] == "copycat"
    said = {model.name: (bool(model.control), model.must_alarm) for model in plan.suite.models}
    assert (said["noise"], said["parrot"]) == ((True, None), (True, "memorization"))
    assert {name for name, (control, _) in said.items() if control} == {"noise", "parrot"}  # a copycat is one anyway
    assert set(families) == {*TRAINED, "noise", "parrot", "copycat"}


def test_the_line_that_brings_a_model_of_ones_own_works_as_written(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (change,) = re.findall(r"--set '(models\.\d=.*)'", FILE.read_text(encoding="utf-8"))
    suite = Suite.load("text-zoo", overrides=[change.replace("FOLDER", str(tmp_path))])
    plan = make_plan(suite)
    names = {cell.model.name for cell in plan.cells}
    assert {"stories", "noise", "copycat"} <= names
    assert "parrot" not in names
    axes = {cell.probe.axis for cell in plan.cells if cell.model.name == "stories" and not cell.because}
    assert axes == set(AXES)
