"""The shell form of a CI job, run as a CI would run it."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

HOUSE = Path(__file__).parents[2]
ACTION = HOUSE / ".github" / "actions" / "genbench" / "action.yml"
SUITE = """\
name: small
n: 40
train_n: 200
held_out_n: 200
data: {digits: digits}
meters: {meter: none}
probes: [quality.prdc]
models: [{name: copycat, family: copycat, data: digits, settings: {rate: 0.0}}]
gates: [{metric: quality.prdc.precision, above: 0.2}]
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell is needed")


@pytest.fixture
def ci(tmp_path):
    """Runs docs/ci.sh in a folder with the suite, as the job `out`."""
    (tmp_path / "small.yaml").write_text(SUITE)

    def ci(*arguments, out="run", **environment):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        given = {
            **kept,
            "GENBENCH": f"{sys.executable} -m genbench",
            "PYTHONPATH": str(HOUSE),
            "OMP_NUM_THREADS": "1",
            "GENBENCH_OUT": out,
            **environment,
        }
        return subprocess.run(
            ["sh", str(HOUSE / "docs" / "ci.sh"), *arguments],
            cwd=tmp_path, env=given, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    return ci


def test_a_suite_is_run_gated_and_then_held_against_its_own_export(ci, tmp_path):
    told = ci("small.yaml", GITHUB_STEP_SUMMARY=str(tmp_path / "step.md"))
    assert told.returncode == 0, told.stderr
    assert ET.parse(tmp_path / "run" / "gates.xml").getroot().tag == "testsuites"
    assert "quality.prdc.precision above 0.2" in (tmp_path / "step.md").read_text()
    assert (tmp_path / "run" / "report.html").is_file()
    export = [sys.executable, "-m", "genbench", "export", "run", "baseline.jsonl"]
    subprocess.run(export, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(HOUSE)}, check=True)
    again = ci("small.yaml", "baseline.jsonl", out="again", GENBENCH_ARGS="--no-report --quiet", GITHUB_ACTIONS="true")
    assert again.returncode == 0, again.stderr
    assert "against baseline.jsonl" in again.stdout
    assert "::" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "more", "code"),
    [
        (("small.yaml",), "--no-report --set gates.0.above=0.999", 3),
        (("small.yaml", "absent.jsonl"), "--no-report", 2),
        (("absent.yaml",), "", 2),
        ((), "", 2),
    ],
)
def test_the_shell_ends_with_the_code_of_the_verdict(ci, arguments, more, code):
    assert ci(*arguments, GENBENCH_ARGS=more).returncode == code


def test_the_action_runs_that_script_and_reads_no_input_as_a_command():
    action = yaml.safe_load(ACTION.read_text())
    steps = action["runs"]["steps"]
    assert action["runs"]["using"] == "composite"
    scripts = [step["run"] for step in steps if "run" in step]
    assert not any("${{" in script for script in scripts)
    (script,) = (script for script in scripts if "ci.sh" in script)
    named = script.partition('"$GITHUB_ACTION_PATH/')[2].partition('"')[0]
    assert (ACTION.parent / named).resolve() == HOUSE / "docs" / "ci.sh"
    said = {
        name for step in steps for value in step.get("env", {}).values() for name in action["inputs"] if name in value
    }
    assert {"suite", "against", "country", "arguments", "cannot-tell"} <= said


def test_the_actions_own_script_hands_the_verdict_on(tmp_path):
    """The script of the step, with a genbench in its place that says "cannot tell"."""
    (script,) = (s["run"] for s in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if s.get("id") == "gate")
    (tmp_path / "genbench").write_text('#!/bin/sh\n[ "$1" = run ] && exit 0\nexit 3\n')
    (tmp_path / "genbench").chmod(0o755)
    for cannot_tell, code in (("fail", 3), ("pass", 0)):
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "GITHUB_ACTION_PATH": str(ACTION.parent),
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
            "SUITE": "s",
            "AGAINST": "",
            "CANNOT_TELL": cannot_tell,
        }
        found = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=False)
        assert found.returncode == code
    assert (tmp_path / "outputs").read_text() == "exit-code=3\n" * 2
