"""Several trainings of a family: its mean, training noise apart from sampling noise, and which claim they allow."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from report.staged import honest_run

from genbench.core.score import Score
from genbench.report.compare import compare_runs
from genbench.report.families import beside, families
from genbench.report.html import compile_report
from genbench.results.run import Run


@pytest.fixture
def trained(make_run, make_score):
    """A run of families by name, each a list of its trainings' values, with sampling errors of 0.01."""

    def trained(name: str, **values: list[float]) -> Run:
        scores: list[Score] = [
            make_score(value=value, ends=(value - 0.0196, value + 0.0196), model=f"{family}#{i}")
            for family, found in values.items()
            for i, value in enumerate(found)
        ]
        run = make_run(name, scores=scores)
        for model in run.header.suite["models"]:
            model["group"] = model["name"].partition("#")[0]
        file = run.path / "run.json"
        kept = json.loads(file.read_text(encoding="utf-8"))
        kept["suite"] = {**run.header.suite, "about": ""}
        file.write_text(json.dumps(kept), encoding="utf-8")
        return Run.load(run.path)

    return trained


def test_the_mean_and_both_noises_are_told(trained):
    [family] = families(trained("one", vae=[1.0, 1.1, 1.2]))
    assert family.title == "vae (3 trainings)"
    assert family.found.mean == pytest.approx(1.1)
    assert family.found.sampling == pytest.approx(0.01, rel=1e-3)
    assert family.found.training == pytest.approx((0.01 - 0.0001) ** 0.5, rel=1e-3)
    # nothing says which of the sampling error is common, so all of it is added to that of the mean
    reach = family.found.interval.high - 1.1
    assert reach > 4 * (0.01 / 3) ** 0.5


def test_items_that_all_members_share_say_how_much_is_common(make_score, trained):
    rng = np.random.default_rng(0)
    difficulty = rng.normal(size=400)
    run = trained("items", vae=[0.0, 0.0, 0.0])
    seen = [difficulty + 0.05 * rng.normal(size=400) for _ in range(3)]
    scores = [
        make_score(
            value=float(x.mean()), values=x.tolist(), ends=(x.mean() - 0.098, x.mean() + 0.098), model=f"vae#{i}"
        )
        for i, x in enumerate(seen)
    ]
    run.__dict__["outcomes"] = tuple(scores)
    [family] = families(run)
    assert family.found.training_interval.low == 0
    assert family.found.training < 0.01
    assert family.found.interval.high - family.found.interval.low == pytest.approx(2 * 1.96 * 0.05, rel=0.15)
    outputs = [replace(s, estimate=replace(s.estimate, detail=replace(
        s.estimate.detail, keys=tuple(f"generated/{i}" for i in range(400))))) for s in scores]  # fmt: skip
    run.__dict__["outcomes"] = tuple(outputs)
    assert families(run)[0].found.training_interval.high > family.found.training_interval.high


def test_a_better_checkpoint_is_no_better_family(trained):
    """Each checkpoint's change is ten errors wide; trainings scatter more than the families differ."""
    before, after = trained("before", vae=[1.0, 1.5, 1.2]), trained("after", vae=[0.8, 1.3, 1.6])
    table = compare_runs(before, after)
    assert [c.answer for c in table.compared] == ["better", "better", "worse"]
    [pair] = table.families
    assert pair.found.answer == "cannot tell"
    assert "trainings in all would tell" in pair.because
    assert table.rows[0][1] == "vae (3 trainings)"
    assert "Of 1 questions about families, corrected among themselves: 1 cannot tell." in table.words
    assert table.to_json()["families"][0]["a"]["trainings"] == 3


def test_two_benchmarks_lenses_or_requests_are_two_questions_and_not_twice_the_trainings(make_score, trained):
    run = trained("two", vae=[1.0, 1.1])
    for change in ({"benchmark_digest": "b2"}, {"lens_digest": "l2"}, {"asked": 50}, {"settings": {"k": 2}}):
        others = [
            replace(s, estimate=replace(s.estimate, value=9.0), provenance=replace(s.provenance, **change))
            for s in run.measured
        ]
        both = replace(run)
        both.__dict__["outcomes"] = (*run.measured, *others)
        assert [f.title for f in families(both)] == ["vae (2 trainings)"] * 2
        assert [f.found.mean for f in families(both)] == [pytest.approx(1.05), pytest.approx(9.0)]


def test_families_far_apart_are_told_apart_in_one_run_and_in_two(trained):
    run = trained("both", vae=[1.0, 1.05, 0.97], gan=[0.2, 0.25, 0.17])
    [pair] = beside(run)
    assert (pair.a.name, pair.b.name, pair.found.answer) == ("vae", "gan", "better")
    page = compile_report(run)
    assert "Families, trained several times" in page
    assert "vae (3 trainings)" in page
    assert "gan against vae: <strong>better</strong>" in " ".join(page.split())


def test_a_run_without_trainings_says_nothing_of_families(make_run, make_score, tmp_path):
    run = make_run("plain", scores=[make_score()])
    assert families(run) == ()
    assert "Families, trained" not in compile_report(honest_run(tmp_path / "honest"))
    assert compare_runs(run, run).families == ()
