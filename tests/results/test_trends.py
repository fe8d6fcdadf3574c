"""A trend holds what may be compared, and says between which revisions and weights it moved."""

from dataclasses import replace

import pytest

from genbench.core.score import Detail, Environment, Estimate, Interval, Metric, Provenance, Score
from genbench.results.history import history
from genbench.results.store import Header, RunFolder
from genbench.results.trends import trends

SUITE = {"name": "s", "models": [{"name": "vae"}]}


def keep(runs, at, value, *, half=0.1, weights="w1", revision="r1", joules=False, **origin):
    """A run of one score, the `at`-th of its series."""
    where = Environment("0.1.0", revision, False, "3.11", "here", origin.pop("device", "cpu"), {})
    p = Provenance("energy.footprint", "v", {}, "vae", weights, "digits", "d", "", "", at, "float32", where)
    interval = Interval(value - half, value + half) if half else None
    metric = Metric("J", "lower", "Said.", repeatable=not joules)
    estimate = Estimate(value, 9, interval, None, Detail(facts={"method": origin.pop("method", "model")}))
    score = Score("energy.footprint", "total", "vae", "digits", "", "T", metric, estimate, replace(p, **origin))
    header = Header(f"run{at}", f"2026-01-{at + 1:02}T12:00:00Z", SUITE, "", where, 0, "", "0.1.0")
    folder = RunFolder.create(runs / f"run{at}", header)
    folder.append_outcome("every", [score])
    folder.finish("finished")


def test_a_change_names_the_runs_revisions_and_weights_it_lies_between(tmp_path):
    for at, value in enumerate([1.0, 1.01, 0.99, 2.0, 2.01]):
        keep(tmp_path, at, value, weights=f"w{at > 2}", revision=f"rev{at}")
    (trend,) = trends(history(tmp_path, metric="energy.footprint.total", model="vae"))
    (moved,) = trend.moved
    assert moved.words == "between run2 (revision rev2) and run3 (revision rev3): from 1 to 2.005 J, weights changed"
    assert moved.plain()["from"] == pytest.approx([0.943, 1.057], abs=1e-3)


def test_same_weights_are_said(tmp_path):
    for at, value in enumerate([1.0, 2.0]):
        keep(tmp_path, at, value)
    ((moved,),) = [trend.moved for trend in trends(history(tmp_path))]
    assert moved.weights == "same weights"


@pytest.mark.parametrize(
    "other",
    [
        {"dataset_digest": "e"},
        {"lens_digest": "l"},
        {"dtype": "bf16"},
        {"probe_version": "v2"},
        {"settings": {"k": 1}},
        {"reference": {"held_out": 60}},
    ],
)
def test_what_compare_would_refuse_lies_on_another_line(tmp_path, other):
    keep(tmp_path, 0, 1.0)
    keep(tmp_path, 1, 2.0, **other)
    found = trends(history(tmp_path))
    assert [len(trend.records) for trend in found] == [1, 1]
    assert not any(trend.moved for trend in found)


@pytest.mark.parametrize(("other", "lines"), [({"device": "cuda"}, 2), ({"method": "counter"}, 2), ({}, 1)])
def test_joules_of_another_machine_or_meter_lie_on_another_line(tmp_path, other, lines):
    keep(tmp_path, 0, 10.0, half=4.0, joules=True)
    keep(tmp_path, 1, 100.0, half=40.0, joules=True, **other)
    found = trends(history(tmp_path))
    assert len(found) == lines
    assert sum(len(trend.moved) for trend in found) == (lines == 1)


def test_runs_without_an_interval_are_counted_and_prove_nothing(tmp_path):
    keep(tmp_path, 0, 1.0)
    keep(tmp_path, 1, 9.0, half=None)
    (trend,) = trends(history(tmp_path))
    assert (trend.silent, trend.moved) == (1, ())


def test_an_index_of_an_earlier_version_is_made_again(tmp_path):
    import sqlite3
    from contextlib import closing

    keep(tmp_path, 0, 1.0)
    before = history(tmp_path)
    with closing(sqlite3.connect(tmp_path / "index.sqlite")) as index, index:
        index.execute("alter table scores drop column made")
    assert history(tmp_path).equals(before)
