"""Provenance holds what decides whether two scores may be compared: how much was shown, what was asked, how precise."""

from __future__ import annotations

import pytest

from genbench.report.compare import compare_runs
from genbench.report.pairing import obstacle
from genbench.results.history import history
from genbench.run.outcomes import precision

NOISE = {"n": 100, "data": {"digits": "digits"}, "models": [{"name": "noise", "family": "gaussian", "data": "digits"}]}
PARTS = {**NOISE, "probes": ["quality.prdc", "quality.means", "energy.footprint"], "lenses": {"image": "image.pixels"}}


def shown(run):
    return {s.probe: s.provenance.reference for s in run.measured}


def test_the_same_model_beside_fewer_real_items_is_not_compared_and_beside_as_many_is(run_of, tmp_path):
    many = run_of(**{**PARTS, "name": "many"}, held_out_n=300, train_n=100)
    few = run_of(**{**PARTS, "name": "few"}, held_out_n=60, train_n=100)
    again = run_of(**{**PARTS, "name": "again"}, held_out_n=300, train_n=90)
    both = {"train": 100, "held_out": 300}
    assert shown(many) == {"quality.prdc": both, "quality.means": {"held_out": 300}, "energy.footprint": {}}
    told = {c.pair.a.metric: c for c in compare_runs(many, few).compared}
    assert told["precision"].answer == "not comparable"
    assert told["precision"].because == "the reference differs: 300 against 60 held-out items"
    # what the probe does not look at may differ
    alike = {c.pair.a.probe: c for c in compare_runs(many, again).compared if c.pair.a.definition.repeatable}
    assert alike["quality.means"].answer == "same"
    assert alike["quality.prdc"].because == "the reference differs: 100 against 90 train items"
    kept = history(tmp_path / "home" / "runs", metric="quality.prdc.precision")
    assert len(kept) == 3
    assert kept["made"].nunique() == 3


def test_a_limit_that_cuts_nothing_is_as_none(run_of):
    whole = run_of(**{**PARTS, "name": "whole"})
    wide = run_of(**{**PARTS, "name": "wide"}, held_out_n=100_000)
    assert shown(whole) == shown(wide) == {"quality.prdc": {}, "quality.means": {}, "energy.footprint": {}}
    found = {s.metric: s for s in wide.measured}
    assert all(obstacle(s, found[s.metric]) is None for s in whole.measured)


def test_a_probe_that_is_asked_at_an_n_of_its_own_says_so(run_of):
    twice = [{"probe": "quality.prdc", "n": n} for n in (40, 80)]
    run = run_of(**{**PARTS, "probes": [*twice, "energy.footprint"]})
    assert {s.provenance.asked for s in run.measured if s.probe == "quality.prdc"} == {40, 80}
    assert {s.provenance.asked for s in run.measured if s.probe == "energy.footprint"} == {0}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dtype": "bfloat16"}, "bfloat16"),
        ({"steps": 3}, "float32"),
        ({"of": "hf", "settings": {"path": "x", "dtype": "bfloat16"}}, "bfloat16"),
        ({"of": "hf", "settings": {"path": "x"}}, "float32"),
        ({"of": "endpoint", "settings": {"url": "http://localhost"}}, "unknown"),
        ({"family": "gpt", "settings": {"steps": 3}, "models": 4}, "float32"),
        ({"family": "gpt", "settings": None, "models": 4}, "float32"),
        (
            {"of": "dialogue", "settings": {"of": "hf", "settings": {"path": "x", "dtype": "float16"}}},
            "float16",
        ),
        ({"family": "serif", "settings": {"dtype": "float16"}}, "float32"),  # a word of a third party's own
    ],
)
def test_the_precision_is_that_of_the_innermost_model(settings, said):
    assert precision(settings) == said
