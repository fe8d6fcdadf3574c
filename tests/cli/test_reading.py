"""From a run to a verdict by the command line: run, report, gate, compare, history, export, each with its exit code."""

import json
from xml.etree import ElementTree as ET

import pytest

SUITE = """\
name: small
n: 40
train_n: 200
held_out_n: 200
data: {digits: digits}
meters: {meter: none}
probes: [quality.prdc]
models: [{name: "copy\\e[31mcat\\u202e", family: copycat, data: digits, settings: {rate: 0.0}}]
gates: [{metric: quality.prdc.precision, above: 0.2}]
"""


@pytest.fixture
def run(genbench, tmp_path):
    """Writes the suite with changes, runs it, and returns what was said."""
    (tmp_path / "small.yaml").write_text(SUITE)

    def run(*changes):
        sets = [argument for change in changes for argument in ("--set", change)]
        return genbench("run", "small.yaml", "--no-report", *sets)

    return run


def test_a_run_says_its_folder_on_standard_output_and_all_else_beside_it(run, genbench, tmp_path):
    told = run()
    assert told.code == 0
    folder = tmp_path / told.out.strip()
    assert (folder / "run.json").is_file()
    assert told.out.count("\n") == 1
    assert "copy\\x1b[31mcat\\u202e" in told.err
    assert "\x1b" not in told.err
    page = genbench("report", "latest", "-o", "page.html")
    assert (page.code, page.out) == (0, "page.html\n")
    assert "\x1b" not in (tmp_path / "page.html").read_text()
    assert genbench("report", "-o", "nowhere/page.html").code == 2


def test_a_run_that_could_measure_nothing_is_broken_and_still_kept(run, tmp_path):
    told = run("models.0.settings.jitter=-1")
    assert told.code == 4
    assert (tmp_path / told.out.strip() / "run.json").is_file()
    assert "nothing was measured" in told.err


def test_a_resumed_run_repeats_nothing(run, genbench):
    first = run().out
    again = genbench("run", "small.yaml", "--no-report", "--resume", "--quiet")
    assert (again.code, again.out, again.err) == (0, first, "")


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("gates.0.above=0.2", 0, "PASS"),
        ("gates=[{metric: quality.prdc.precision, below: 0.2}]", 1, "FAIL"),
        ("gates=[{metric: quality.prdc.precision, above: 0.97}]", 3, "CANNOT TELL"),
        ("models.0.settings.jitter=-1", 4, "BROKEN"),
    ],
)
def test_a_gate_ends_with_the_code_of_its_verdict(run, genbench, tmp_path, change, code, words):
    run(change)
    told = genbench("gate", "--junit", "gates.xml", "--summary", "summary.md")
    assert told.code == code, told.out
    assert words in told.out
    assert "\x1b" not in told.out
    assert ET.parse(tmp_path / "gates.xml").getroot().tag == "testsuites"
    assert (tmp_path / "summary.md").read_text()
    assert genbench("gate", "--json").code == code


def test_a_gate_on_no_run_is_a_mistake_of_the_users(genbench):
    told = genbench("gate", "latest")
    assert told.code == 2
    assert "which holds no run yet" in told.err


def test_history_compare_and_export_agree_on_the_number(run, genbench, tmp_path):
    run()
    run("n=41")
    records = json.loads(genbench("history", "--metric", "quality.prdc.precision", "--json").out)
    assert [r["n"] for r in records] == [40, 41]
    table = genbench("history", "--metric", "quality.prdc.precision").out.splitlines()
    assert table[0].split() == ["run", "model", "score", "value", "interval", "n", "unit", "state"]
    assert len(table) == 3
    assert f"{records[0]['value']:.4g}" in table[1]
    names = [r["run"] for r in records]
    compared = json.loads(genbench("compare", *names, "--json").out)
    assert f"{records[0]['value']:.4g}" in json.dumps(compared) or str(records[0]["value"]) in json.dumps(compared)
    assert "\n| " in genbench("compare", *names, "--markdown").out
    assert genbench("compare", *names).code == 0
    assert genbench("export", names[0], "scores.csv").code == 0
    assert str(records[0]["value"])[:8] in (tmp_path / "scores.csv").read_text()
    assert genbench("reindex").out.startswith("2 runs indexed")
    refused = genbench("export", names[0], "nowhere/scores.csv")
    assert refused.code == 2
    assert "there is no folder 'nowhere'" in refused.err


def test_history_of_nothing_says_so(genbench):
    told = genbench("history")
    assert (told.code, told.out) == (0, "")
    assert "no scores in" in told.err
    assert json.loads(genbench("history", "--json").out) == []
