"""A run as one file is the run again, or is refused."""

import json

import pytest

from genbench.core.errors import GenBenchError, ResultsError
from genbench.core.evidence import Stage
from genbench.core.lens import Rendering
from genbench.core.score import Environment, Estimate, Failed, Interval, Metric, Provenance, Score, Skipped
from genbench.results.run import Run
from genbench.results.store import Header, RunFolder

WHERE = Environment("0.1.0", "abc", False, "3.11", "here", "cpu", {"numpy": "2"})
SUITE = {"name": "s", "models": [{"name": "vae"}]}


@pytest.fixture
def run(tmp_path):
    folder = RunFolder.create(tmp_path / "run", Header("run", "2026", SUITE, "", WHERE, 3, "genbench run", "0.1.0"))
    origin = Provenance("a.b", "v", {"k": 1}, "vae", "m", "digits", "d", "lens", "l", 0, "float32", WHERE)
    estimate = Estimate(0.1 + 0.2, 9, Interval(0.2, 0.4))
    score = Score("a.b", "c", "vae", "digits", "lens", "T", Metric("share", "lower", "Said."), estimate, origin)
    folder.append_outcome("one", [score, Skipped("a.b", "vae", "d", "", "because")])
    folder.append_outcome("two", [Failed("a.c", "vae", "d", "", "error", "trace")])
    folder.append_stage("vae", Stage("train", 1.5, 2.5, 10.0, 5.0, 20.0, "counter"))
    folder.append_event("note", text="<b>\u2028 ü")
    folder.keep_rendering("vae", "generated", 0, Rendering("text", text="said"))
    folder.finish("finished")
    return Run.load(folder.path)


def test_an_exported_run_is_read_as_it_was_but_for_its_renderings(run, tmp_path):
    run.export(tmp_path / "kept.jsonl")
    kept = Run.load(tmp_path / "kept.jsonl")
    assert (kept.outcomes, kept.header, kept.status) == (run.outcomes, run.header, "finished")
    assert (kept.stages(), kept.events("note")) == (run.stages(), run.events("note"))
    assert kept.rendering("vae", "generated", 0) is None
    kept.export(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "kept.jsonl").read_bytes()


def test_a_baseline_cut_short_is_refused_at_every_length(run, tmp_path):
    run.export(tmp_path / "kept.jsonl")
    raw = (tmp_path / "kept.jsonl").read_bytes()
    for size in [0, 1, *range(50, len(raw) - 1, 97), *[at + 1 for at, byte in enumerate(raw[:-1]) if byte == 10]]:
        (tmp_path / "cut.jsonl").write_bytes(raw[:size])
        with pytest.raises(ResultsError, match=r"cut\.jsonl"):
            Run.load(tmp_path / "cut.jsonl")


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"[]\n[]\n", b'{"run": 1}\n{"end": 2}\n', b'{"text": "a"}\n{"text": "b"}\n']
)
def test_a_file_of_something_else_is_a_results_error(tmp_path, raw):
    (tmp_path / "data.jsonl").write_bytes(raw)
    with pytest.raises(ResultsError):
        Run.load(tmp_path / "data.jsonl")


def test_a_later_format_is_named_as_that(run, tmp_path):
    run.export(tmp_path / "kept.jsonl")
    first, *rest = (tmp_path / "kept.jsonl").read_text().splitlines(keepends=True)
    later = json.loads(first)
    later["run"]["format"] = 99
    (tmp_path / "kept.jsonl").write_text("".join([json.dumps(later) + "\n", *rest]))
    with pytest.raises(ResultsError, match="later GenBench"):
        Run.load(tmp_path / "kept.jsonl")


def test_an_exported_run_takes_no_more_outcomes(run, tmp_path):
    run.export(tmp_path / "kept.jsonl")
    before = (tmp_path / "kept.jsonl").read_bytes()
    with pytest.raises(GenBenchError):
        Run.load(tmp_path / "kept.jsonl").folder.append_outcome("three", [])
    assert (tmp_path / "kept.jsonl").read_bytes() == before
