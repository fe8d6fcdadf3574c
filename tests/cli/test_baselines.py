"""A baseline kept as one file in a repository, and the trend of a metric, as the command line tells them."""

import json

import pytest

SUITE = """\
name: small
n: 40
train_n: 200
held_out_n: 200
data: {digits: digits}
meters: {meter: none}
probes: [quality.prdc]
models: [{name: copycat, family: copycat, data: digits, settings: {rate: 0.0}}]
"""


@pytest.fixture
def run(genbench, tmp_path):
    """Writes the suite, runs it with changes and returns the run's folder."""
    (tmp_path / "small.yaml").write_text(SUITE)

    def run(*changes):
        sets = [argument for change in changes for argument in ("--set", change)]
        told = genbench("run", "small.yaml", "--no-report", "--quiet", *sets)
        assert told.code == 0, told.err
        return tmp_path / told.out.strip()

    return run


@pytest.fixture
def baseline(run, genbench, tmp_path):
    """An exported run, whose folder is gone."""
    folder = run()
    assert genbench("export", folder.name, "baseline.jsonl").code == 0
    folder.rename(tmp_path / "away")
    return tmp_path / "baseline.jsonl"


def test_a_run_is_gated_and_compared_against_a_file(run, baseline, genbench):
    run("seed=1")
    told = genbench("gate", "latest", "--against", "baseline.jsonl")
    assert told.code == 0, told.err
    assert "against baseline.jsonl" in told.out
    rows = json.loads(genbench("compare", "baseline.jsonl", "latest", "--json").out)["rows"]
    assert rows
    assert all(row["answer"] in ("same", "cannot tell") for row in rows)


def test_a_run_worse_than_the_file_fails(run, baseline, genbench):
    # Outputs as noisy as real items are spread lie far from all of these.
    run("models.0.settings.rate=1.0", "models.0.settings.jitter=1.0")
    told = genbench("gate", "latest", "--against", "baseline.jsonl")
    assert told.code == 1, told.out
    assert "quality.prdc.precision against baseline.jsonl" in told.out


def test_a_report_of_the_file_stands_beside_it(baseline, genbench, tmp_path):
    assert genbench("report", "baseline.jsonl").out == "baseline.html\n"
    assert "quality.prdc" in (tmp_path / "baseline.html").read_text()


def test_a_baseline_of_other_data_is_refused(run, baseline, genbench):
    run("data.digits={source: digits, seed: 1}")
    told = genbench("gate", "latest", "--against", "baseline.jsonl")
    assert told.code == 2, told.out
    assert "the data differ" in told.err


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("dataset_digest", "0" * 64, "the data differ"),
        ("lens_digest", "0" * 64, "the lens differs"),
        ("dtype", "bfloat16", "the precision differs: bfloat16 against"),
        ("probe_version", "0" * 64, "the probe quality.prdc was changed in between"),
    ],
)
def test_a_baseline_made_otherwise_is_refused_with_what_differs(run, baseline, genbench, part, value, words):
    run("seed=1")
    lines = [json.loads(line) for line in baseline.read_text().splitlines()]
    for line in lines:
        for outcome in line.get("outcomes", {}).get("outcomes", ()):
            if outcome["kind"] == "score":
                outcome["provenance"][part] = value
    baseline.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = genbench("gate", "latest", "--against", "baseline.jsonl")
    assert told.code == 2
    assert words in told.err


def test_history_draws_the_trend_and_names_the_change(run, genbench):
    metric = ("--metric", "quality.prdc.precision", "--model", "copycat")
    run()
    run("seed=1")
    assert "no change that chance would not show" in genbench("history", *metric).out
    changed = run("models.0.settings.rate=1.0", "models.0.settings.jitter=1.0")
    told = genbench("history", *metric)
    drawn = told.out.partition("\n\n")[2].splitlines()
    assert drawn[0].startswith("quality.prdc.precision of copycat on digits")
    assert drawn[2].rstrip() == "    ^"
    assert f"and {changed.name} (revision" in drawn[3]
    assert drawn[3].endswith("weights changed")
    records = json.loads(genbench("history", *metric, "--json").out)
    assert [record["change"] is not None for record in records] == [False, False, True]
    assert records[2]["change"]["weights"] == "weights changed"
    assert "made" in records[0]
