"""A run folder is the truth: read without being changed, exported, and indexed for history."""

import csv
import json
import math
import sqlite3

import pandas as pd
import pytest

from genbench.core.errors import ResultsError
from genbench.core.evidence import Stage
from genbench.core.lens import Rendering
from genbench.core.score import Environment, Estimate, Failed, Interval, Metric, Provenance, Score, Skipped, Toward
from genbench.results.history import COLUMNS, history, reindex, unreadable
from genbench.results.run import Run
from genbench.results.store import Header, RunFolder, read_header

WHERE = Environment("0.1.0", "abcdef0123456789", False, "3.11", "here", "cpu", {})
SUITE = {"name": "s", "models": [{"name": "vae"}, {"name": "gan"}]}


def score(value=0.1, *, model="vae", ends=True, metric="mmd2", better="lower", **definition):
    origin = Provenance("quality.kernel", "v", {}, model, "m", "digits", "d", "lens", "l", 0, "float32", WHERE)
    interval = Interval(value - 0.01, value + 0.01, method="made up") if ends else None
    kind = Metric("share", better, "Said.", **definition)
    return Score("quality.kernel", metric, model, "digits", "lens", "T", kind, Estimate(value, 9, interval), origin)


def folder(path, outcomes=(), created="2026-01-01T12:00:00Z", status="finished"):
    made = RunFolder.create(path, Header(path.name, created, SUITE, "", WHERE, 0, "genbench run", "0.1.0"))
    made.append_outcome("every", list(outcomes))
    if status:
        made.finish(status)
    return made


def everything(path):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in path.rglob("*") if p.is_file()}


def test_a_run_comes_back_as_it_was_left(tmp_path):
    lost, broke = Skipped("a.b", "gan", "d", "", "because"), Failed("a.b", "gan", "d", "", "error", "trace")
    made = folder(tmp_path / "run", [score(), lost, broke])
    made.append_stage("vae", Stage("train", 1.5, 2.5, 10.0, 5.0, 20.0, "counter"))
    made.append_event("note", text="<b>")
    run = Run.load(tmp_path / "run")
    assert (run.measured, run.skipped, run.failed) == ((score(),), (lost,), (broke,))
    assert run.models == ("vae", "gan")
    assert run.header.environment == WHERE
    assert run.stages() == [("vae", Stage("train", 1.5, 2.5, 10.0, 5.0, 20.0, "counter"))]
    assert run.events("note") == [{"kind": "note", "text": "<b>"}]
    assert run.status == "finished"
    assert Run.load(folder(tmp_path / "killed", status=None).path).status == "unfinished"


def test_reading_changes_nothing_while_a_record_is_being_written(tmp_path):
    made = folder(tmp_path / "run", [score()])
    with (made.path / "outcomes.jsonl").open("ab") as handle:
        handle.write(b'{"cell":"next","outc')  # half of what another process is writing just now
    before = everything(made.path)
    run = Run.load(made.path)
    assert run.measured == (score(),)
    run.scores()
    history(tmp_path)
    assert everything(made.path) == before


def test_taking_a_run_up_again_mends_it(tmp_path):
    made = folder(tmp_path / "run", [score()])
    with (made.path / "outcomes.jsonl").open("ab") as handle:
        handle.write(b'{"cell":"next","outc')
    again = RunFolder(made.path, read_header(made.path))
    again.mend()
    again.append_outcome("next", [score(0.2)])
    assert [o.estimate.value for o in Run.load(made.path).measured] == [0.1, 0.2]


def test_a_cell_recorded_twice_counts_as_last_recorded(tmp_path):
    made = folder(tmp_path / "run", [score(0.1)])
    made.append_outcome("every", [score(0.3)])
    assert [s.estimate.value for s in Run.load(made.path).measured] == [0.3]


def test_a_folder_holds_one_run(tmp_path):
    folder(tmp_path / "run")
    with pytest.raises(ResultsError, match="already holds a run"):
        folder(tmp_path / "run")


@pytest.mark.parametrize("raw", [None, "", "[1", "{}", "[]", '{"format": 99}', '{"format": 1, "environment": {}}'])
def test_what_is_no_run_is_a_results_error(tmp_path, raw):
    if raw is not None:
        (tmp_path / "run.json").write_text(raw)
    with pytest.raises(ResultsError):
        Run.load(tmp_path)


def test_renderings_of_hostile_names_stay_in_the_folder(tmp_path):
    made = folder(tmp_path / "run")
    for owner in ("../../up", "a/b", "..", "", "vae", "va_e", "CON", "\u202e", "a\x00b"):
        made.keep_rendering(owner, "generated", 0, Rendering("text", text=f"<i>{owner!r}"))
        assert made.rendering(owner, "generated", 0).text == f"<i>{owner!r}"
    assert {p.name for p in tmp_path.iterdir()} == {"run"}


def test_the_frame_says_absence_as_absence(tmp_path):
    run = Run.load(folder(tmp_path / "run", [score(), score(0.5, ends=False, better=Toward(0.5), metric="x")]).path)
    frame = run.scores()
    assert list(frame["id"]) == ["quality.kernel.mmd2", "quality.kernel.x"]
    assert list(frame["better"]) == ["lower", "toward 0.5"]
    assert math.isnan(frame["low"][1])
    assert frame["floor"].isna().all()
    assert list(Run.load(folder(tmp_path / "empty").path).scores().columns) == list(frame.columns)


def test_exports_hold_the_same_numbers(tmp_path):
    run = Run.load(folder(tmp_path / "run", [score(0.1 + 0.2), score(0.5, ends=False, metric="x")]).path)
    run.export(tmp_path / "scores.csv")
    run.export(tmp_path / "scores.json")
    with (tmp_path / "scores.csv").open(newline="") as handle:
        assert [float(row["value"]) for row in csv.DictReader(handle)] == [0.1 + 0.2, 0.5]
    plain = json.loads((tmp_path / "scores.json").read_text(), parse_constant=pytest.fail)
    assert plain[1]["low"] is None
    with pytest.raises(ResultsError, match=r"\.csv, \.json, \.jsonl or \.parquet"):
        run.export(tmp_path / "scores.xlsx")


def test_parquet_holds_the_same_numbers(tmp_path):
    pytest.importorskip("pyarrow")
    run = Run.load(folder(tmp_path / "run", [score(0.1 + 0.2)]).path)
    run.export(tmp_path / "scores.parquet")
    assert list(pd.read_parquet(tmp_path / "scores.parquet")["value"]) == [0.1 + 0.2]


def test_history_is_oldest_first_and_can_be_narrowed(tmp_path):
    folder(tmp_path / "z", [score(0.1), score(0.2, model="gan")], created="2026-01-01T00:00:00Z")
    folder(tmp_path / "a", [score(0.3)], created="2026-02-01T00:00:00Z")
    frame = history(tmp_path)
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["value"]) == [0.2, 0.1, 0.3]
    assert set(frame["revision"]) == {"abcdef012345"}
    assert list(history(tmp_path, model="gan")["value"]) == [0.2]
    assert list(history(tmp_path, metric="quality.kernel.mmd2", model="vae")["value"]) == [0.1, 0.3]
    assert history(tmp_path, metric="x' or 1=1 --").empty


def test_history_follows_new_runs_and_can_be_made_again(tmp_path):
    folder(tmp_path / "a", [score(0.1)])
    assert len(history(tmp_path)) == 1
    folder(tmp_path / "b", [score(0.2)])
    assert len(history(tmp_path)) == 2
    before = history(tmp_path)
    (tmp_path / "index.sqlite").unlink()
    assert reindex(tmp_path) == 2
    pd.testing.assert_frame_equal(history(tmp_path), before)


def test_history_of_no_runs_is_empty(tmp_path):
    assert history(tmp_path / "none").empty


def test_an_absent_interval_is_null_in_the_index(tmp_path):
    folder(tmp_path / "a", [score(ends=False)])
    reindex(tmp_path)
    with sqlite3.connect(tmp_path / "index.sqlite") as index:
        assert index.execute("select low, high from scores").fetchall() == [(None, None)]


@pytest.mark.parametrize("damage", ["header", "outcome", "line"])
def test_a_folder_that_cannot_be_read_is_left_out_and_named(tmp_path, damage):
    folder(tmp_path / "good", [score()])
    bad = folder(tmp_path / "bad", [score()]).path
    if damage == "header":
        (bad / "run.json").write_text("{}")
    elif damage == "outcome":
        (bad / "outcomes.jsonl").write_text('{"cell": "x", "outcomes": [{"kind": "skipped", "mood": "new"}]}\n')
    else:
        (bad / "outcomes.jsonl").write_text("{\n{}\n")
    assert list(history(tmp_path)["run"]) == ["good"]
    assert list(unreadable(tmp_path)) == ["bad"]
