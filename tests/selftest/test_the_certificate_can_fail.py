"""Each probe is broken on purpose, or its defect taken away, and the selftest says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genbench.core.catalogue import find
from genbench.core.evidence import Annotations, Energy, Features, LogProbs, Pairs
from genbench.core.probe import Probe
from genbench.core.score import Absent, Estimate, Interval
from genbench.probes.bias.counterfactual import counterfactual
from genbench.probes.bias.representation import representation
from genbench.probes.energy.footprint import footprint
from genbench.probes.memorization.copying import copying
from genbench.probes.memorization.duplicates import duplicates
from genbench.probes.memorization.gap import gap
from genbench.probes.memorization.membership import membership
from genbench.probes.misuse.disclosure import disclosure
from genbench.probes.quality.frechet import frechet
from genbench.probes.quality.perplexity import perplexity
from genbench.probes.robustness.adversarial import adversarial
from genbench.probes.robustness.stability import stability
from genbench.selftest import trials
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.rows import Row
from genbench.selftest.trials import try_probe


def forgets_train(generated, train, held_out, *, rng):
    """Compares outputs with held-out items on both sides."""
    return copying(generated, held_out, Features(held_out.x[::-1] + 1e-6), rng=rng)


def sees_copies_everywhere(generated, train, held_out, *, rng):
    return copying(train, train, held_out, rng=rng)


def counts_no_repeats(generated, train, held_out, *, rng):
    found = duplicates(generated, train, held_out, rng=rng)
    return {**found, "within_output": replace(found["within_output"], interval=Interval(0.0, 0.01))}


def gap_of_one_split(train, held_out):
    return gap(held_out, held_out)


def without_its_veto(train, held_out, train_seen, held_out_seen, *, rng):
    """The blind baseline is shown the same items twice."""
    return membership(train, held_out, train_seen, train_seen, rng=rng)


def trusts_the_annotator(generated, held_out, *, rng, target=None):
    said, real = (Annotations(side.labels, side.names) for side in (generated, held_out))
    return representation(said, real, rng=rng, target=target)


def uncorrected(generated, held_out, train, *, rng):
    found = frechet(generated, held_out, train, rng=rng)
    return {**found, "distance": found["plug_in"]}


def without_controls(model, held_out, *, rng, budget=0.05, steps=10, limit=128):
    """Whatever the controls say, a number."""
    fine = Estimate(0.0, 10, Interval(0.0, 0.01), 0.0)
    try:
        return adversarial(model, held_out, rng=rng, budget=budget, steps=steps, limit=limit)
    except Exception:
        return {"excess": fine, "broken": fine}


def half_the_movement(anchor, perturbed, again, *, rng, resamples=1000):
    return stability(anchor, Features((anchor.x + perturbed.x) / 2), again, rng=rng, resamples=200)


def the_other_way_round(benchmark):
    return counterfactual(Pairs(benchmark.second, benchmark.first, benchmark.groups))


def in_nats(held_out):
    return perplexity(LogProbs(held_out.nats * np.log(2), held_out.counts))


def deaf_to_leaks(generated, train, held_out, *, words=12):
    return {**disclosure(generated, train, held_out, words=words), "leaked": Absent("nothing to see")}


def books_all_twice(spent):
    return footprint(Energy((*spent.stages, *spent.stages)))


BROKEN: list[tuple[Callable[..., Any], str, str, str]] = [
    (forgets_train, "copies", "memorization.copying", "heard"),
    (sees_copies_everywhere, "copies", "memorization.copying", "silent"),
    (counts_no_repeats, "repeated_item", "memorization.duplicates", "heard"),
    (gap_of_one_split, "overfit", "memorization.gap", "heard"),
    (without_its_veto, "membership_sets", "memorization.membership", "heard"),
    (trusts_the_annotator, "poor_annotator", "bias.representation", "silent"),
    (uncorrected, "same_distribution", "quality.frechet", "silent"),
    (without_controls, "attack_controls", "robustness.adversarial", "heard"),
    (half_the_movement, "nudges", "robustness.stability", "silent"),
    (the_other_way_round, "preferences", "bias.counterfactual", "silent"),
    (in_nats, "wrong_density", "quality.perplexity", "silent"),
    (deaf_to_leaks, "secrets_told", "misuse.disclosure", "heard"),
    (books_all_twice, "metered_stages", "energy.footprint", "silent"),
]
COUNTS = {
    "metered_stages": 1,
    "repeated_item": 8,
    "membership_sets": 8,
    "poor_annotator": 25,
    "secrets_told": 4,
    "same_distribution": 5,
}


@pytest.mark.slow
@pytest.mark.parametrize(("broken", "plant", "probe", "want"), BROKEN, ids=[b[0].__name__ for b in BROKEN])
def test_a_broken_probe_does_not_hold(monkeypatch, broken, plant, probe, want):
    entry, n, whole = find("plant", plant), 300, trials.probe_by_id(probe)
    count = COUNTS.get(plant, 10)
    assert unheld(try_probe(entry, probe, n=n, trials=count), want) == []
    monkeypatch.setattr(trials, "probe_by_id", lambda named: changed(whole, broken))
    assert unheld(try_probe(entry, probe, n=n, trials=count), want) != []


def changed(probe: Probe, function: Callable[..., Any]) -> Probe:
    return replace(probe, function=function)


def unheld(rows: list[Row], want: str) -> list[Row]:
    return [row for row in rows if row.demand.want == want and not row.held]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "probe"),
    [
        ("copies", "memorization.copying"),
        ("modes_dropped", "quality.diversity"),
        ("shifted_outputs", "quality.kernel"),
        ("shifted_outputs", "misuse.detectability"),
        ("wrong_density", "quality.perplexity"),
    ],
)
def test_a_defect_that_is_not_there_is_not_heard(monkeypatch, plant, probe):
    entry = find("plant", plant)
    make = entry.load()

    def harmless(dose: Any, trial: Trial) -> Scene:
        return make(make.__genbench__.doses[0], trial)

    harmless.__genbench__ = make.__genbench__  # type: ignore[attr-defined]
    assert unheld(try_probe(entry, probe, n=300, trials=6), "heard") == []
    monkeypatch.setattr("genbench.core.catalogue.Entry.load", lambda self: harmless if self is entry else make_of(self))
    rows = try_probe(entry, probe, n=300, trials=6)
    demanded = [row for row in rows if row.demand.want == "heard"]
    assert unheld(rows, "heard") == demanded != []


def make_of(entry: Any) -> Any:
    import importlib

    return getattr(importlib.import_module(entry.module), entry.attribute)


def test_a_probe_that_crashes_is_neither_silent_nor_heard(monkeypatch):
    def crashes(held_out):
        raise ZeroDivisionError("by mistake")

    whole = trials.probe_by_id("quality.perplexity")
    monkeypatch.setattr(trials, "probe_by_id", lambda named: changed(whole, crashes))
    rows = try_probe(find("plant", "wrong_density"), "quality.perplexity", n=50, trials=5)
    assert all(row.lost == 5 and not row.held for row in rows if row.demand.want != "shown")


def test_a_plant_that_does_not_show_what_its_probe_asks_for_is_at_fault_itself():
    with pytest.raises(LookupError, match="no Features in the role generated"):
        trials.ask(trials.probe_by_id("memorization.copying"), Scene({"generated": (3,)}), seed=0)
