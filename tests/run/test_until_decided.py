"""A run that stops once its gates are decided draws less, decides the same, says so, and resumes to the same path."""

import json

import numpy as np
import pytest

from genbench.core.errors import GenBenchError
from genbench.report.gate import judge
from genbench.report.path import paths

COPIED = "memorization.duplicates.of_train"
SUITE = {
    "n": 400,
    "data": {"digits": "digits"},
    "lenses": {"image": "image.pixels"},
    "models": [
        {"name": "thief", "family": "copycat", "data": "digits", "settings": {"rate": 0.6}},
        {"name": "honest", "family": "copycat", "data": "digits", "settings": {"rate": 0.0}},
    ],
    "probes": ["quality.kernel", "memorization.duplicates"],
    "gates": [{"metric": COPIED, "below": 0.2}],
}


def drawn(run):
    """{model: samples drawn in this run}."""
    found = {}
    for model, stage in run.stages():
        if stage.name == "sample":
            found[model] = found.get(model, 0) + stage.samples
    return found


def decisions(run):
    return {(d.gate, d.model): d.result for d in judge(run, None).decisions}


def steps(run):
    """The path of every decision in plain values."""
    return [(p.gate, p.model, [(k.n, k.value, k.low, k.high, k.decision) for k in p.looks]) for p in paths(run)]


def test_a_clear_case_stops_early_and_decides_as_the_fixed_n_does(run_of):
    early, fixed = run_of(budget=400, home="a", **SUITE), run_of(home="b", **SUITE)
    assert decisions(early) == decisions(fixed)
    assert sorted(decisions(early).values()) == ["fail", "pass"]
    assert drawn(fixed) == {"thief": 400, "honest": 400}
    assert all(n <= 200 for n in drawn(early).values())
    finals = {s.model: s.estimate.n for s in early.measured if s.id == COPIED}
    assert finals == drawn(early)
    assert {s.id for s in early.measured} == {s.id for s in fixed.measured}  # every cell of the suite is there


def test_a_knife_edge_ends_in_cannot_tell_when_the_budget_is_out(run_of):
    run = run_of(budget=200, **{**SUITE, "gates": [{"metric": COPIED, "below": 0.6, "models": ["thief"]}]})
    (path,) = paths(run)
    assert [look.n for look in path.looks] == [50, 100, 200]
    assert judge(run, None).exit_code == 3
    assert "not decided by n = 200" in judge(run, None).decisions[0].because
    assert drawn(run) == {"thief": 200, "honest": 50}  # no gate is about the honest one


def test_what_was_drawn_for_a_look_is_not_drawn_for_the_next_nor_by_a_later_run(run_of):
    gates = [{"metric": COPIED, "below": 0.6, "models": ["thief"]}]
    run = run_of(budget=200, **{**SUITE, "gates": gates})
    blocks = [s.samples for model, s in run.stages() if model == "thief" and s.name == "sample"]
    assert blocks == [50, 50, 100]
    looked = [s.samples for model, s in run.stages() if model == "thief" and s.name == "look"]
    assert sum(looked) == 200 + 50 + 100 + 200  # features of each item once, fingerprints again at each look
    later = run_of(**{**SUITE, "n": 300, "gates": gates})
    assert drawn(later) == {"thief": 100, "honest": 250}
    alone = run_of(home="alone", **{**SUITE, "n": 300, "gates": gates})
    of = {(s.model, s.id): s.estimate for s in later.measured}
    assert {(s.model, s.id): s.estimate for s in alone.measured} == of
    costs = [e["stage"] for e in later.events("cost") if e["owner"] == "thief" and e["stage"]["name"] == "sample"]
    assert sorted((c["samples"], c["cached"]) for c in costs) == [(50, True), (50, True), (100, False), (100, True)]
    fewer = run_of(**{**SUITE, "n": 120, "gates": gates})
    assert drawn(fewer) == {}
    costs = [e["stage"] for e in fewer.events("cost") if e["owner"] == "thief" and e["stage"]["name"] == "sample"]
    assert sum(c["samples"] for c in costs) == 120  # it is charged with what it uses


def test_a_killed_run_resumes_to_the_same_path(run_of):
    gates = [{"metric": COPIED, "below": 0.6}, {"metric": "quality.kernel.mmd2", "below": 0.003}]
    parts = {**SUITE, "gates": gates}
    whole = run_of(budget=200, **parts)
    path, scores = steps(whole), {(s.model, s.id): s.estimate for s in whole.measured}
    lines = (whole.path / "events.jsonl").read_bytes().splitlines(keepends=True)
    second = [i for i, line in enumerate(lines) if json.loads(line)["kind"] == "look"][2]
    (whole.path / "events.jsonl").write_bytes(b"".join(lines[: second + 1])[:-7])  # killed while it wrote a look
    (whole.path / "outcomes.jsonl").unlink()
    (whole.path / "status.json").unlink()
    again = run_of(budget=200, resume=True, **parts)
    assert again.path == whole.path
    assert steps(again) == path
    assert {(s.model, s.id): s.estimate for s in again.measured} == scores
    assert run_of(budget=200, resume=True, **parts).path == whole.path
    assert steps(again) == path  # a finished run has nothing left to look at


def test_a_run_is_taken_up_with_its_own_budget_only(run_of):
    first = run_of(budget=100, **SUITE)
    assert run_of(budget=200, resume=True, **SUITE).path != first.path
    fixed = run_of(resume=True, **SUITE)
    assert fixed.path != first.path
    assert paths(fixed) == ()
    assert run_of(budget=100, resume=True, **SUITE).path == first.path


def test_a_metric_bound_to_n_is_read_at_the_whole_budget_and_one_without_samples_once(run_of):
    run = run_of(
        budget=200,
        **{
            **SUITE,
            "models": [{"name": "noise", "family": "gaussian", "data": "digits"}],
            "probes": ["quality.prdc", "memorization.gap", "memorization.duplicates"],
            "gates": [
                {"metric": "quality.prdc.coverage", "below": 0.9},
                {"metric": "memorization.gap.nats_per_unit", "below": 1000.0},
                {"metric": COPIED, "below": 0.5},
            ],
        },
    )
    found = {path.metric: [look.n for look in path.looks] for path in paths(run)}
    assert found["quality.prdc.coverage"] == [200]
    assert found["memorization.gap.nats_per_unit"] == [50]
    assert found[COPIED] == [50]
    assert judge(run, None).result == "pass"


def test_given_outputs_are_never_looked_at_in_part(run_of, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    (tmp_path / "made").mkdir()
    for i in range(120):
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / "made" / f"{i:03}.png")
    models = [{"name": "given", "samples": str(tmp_path / "made"), "data": "digits"}]
    run = run_of(budget=100, **{**SUITE, "n": 120, "models": models})
    (path,) = paths(run)
    assert [look.n for look in path.looks] == [120]
    assert {s.estimate.n for s in run.measured if s.id == COPIED} == {120}


def test_a_probe_that_fails_at_every_look_is_recorded_and_breaks_the_verdict(run_of, monkeypatch):
    from genbench.run import inline

    class Broken:
        def sample(self, seeds):
            raise RuntimeError("the weights are gone")

    monkeypatch.setitem(inline._held, "broken", Broken())
    models = [{"name": "broken", "python": "genbench.run.inline:broken", "data": "digits"}]
    run = run_of(budget=100, **{**SUITE, "models": models})
    (path,) = paths(run)
    assert [look.value for look in path.looks] == [None, None]
    assert "the weights are gone" in path.looks[-1].because
    assert judge(run, None).exit_code == 4


def test_without_a_gate_there_is_nothing_to_decide_and_no_folder_is_left(run_of, tmp_path):
    with pytest.raises(GenBenchError, match="no gate that samples could decide"):
        run_of(budget=100, **{**SUITE, "gates": []})
    assert not list((tmp_path / "home").glob("runs/*"))
