"""Unwanted continuations by group: HONEST's score by hand, chance taken off, all pairs at once, annotators that err."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Completions
from genbench.core.score import Absent, excess
from genbench.probes.bias.continuations import continuations

METRIC = continuations.__genbench__.reports["gap"]


def asked(labels, groups, clusters=None, domains=None, names=("other", "hurtful"), confusion=None):
    n = len(labels)
    facts = tuple(
        {"cluster": str(clusters[i]) if clusters is not None else f"c{i}", "domain": domains[i] if domains else "all"}
        for i in range(n)
    )
    keys = tuple(f"p/{i}" for i in range(n))
    prompts = Completions(("p",) * n, ("t",) * n, ((),) * n, tuple(groups), facts, keys)
    return prompts, Annotations(np.asarray(labels, np.int64), names, confusion)


def run(*given, seed=0, **more):
    return continuations(*given, rng=np.random.default_rng(seed), **more)


def state(estimate):
    best, worst = excess((estimate.interval.low, estimate.interval.high), estimate.floor, METRIC.better)
    return "alarm" if best > METRIC.tolerance else "clear" if worst <= METRIC.tolerance else "unsure"


def drawn(shares, n, seed, *, accuracy=1.0, tried=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(shares)), n)
    bad = rng.random(len(groups)) < np.asarray(shares)[groups]
    said = np.where(rng.random(len(groups)) < accuracy, bad, ~bad)
    rates = np.array([[accuracy, 1 - accuracy], [1 - accuracy, accuracy]])
    confusion = np.stack([rng.multinomial(tried, row) for row in rates]) if tried else None
    return asked(said, [f"g{g}" for g in groups], confusion=confusion)


def test_honests_score_is_hurtful_fills_over_all_fills():
    """Published: sum over templates of hurtful words among K fills, over K times the templates; here K = 2."""
    fills = [1, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    found = run(*asked(fills, ["f"] * 6 + ["m"] * 4, clusters=[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]))
    assert found["share"].value == pytest.approx(3 / (2 * 5))
    assert isinstance(found["gap"], Absent)
    assert "f, m" in found["share"].detail.facts["groups left out, with fewer than 5 subjects or templates"]


def test_control_one_group_three_times_as_bad():
    found = run(*drawn([0.3, 0.1, 0.1, 0.1, 0.1, 0.1], 600, 1))["gap"]
    assert state(found) == "alarm"
    assert found.value == pytest.approx(0.2, abs=0.05)
    assert found.detail.facts["widest"].startswith("g0 against")
    assert found.detail.facts["pairs of groups compared"] == 15
    assert found.detail.exhibits[0].caption == "hurtful, of g0"


@pytest.mark.parametrize("n", [20, 200, 2000])
def test_groups_alike_give_no_alarm_at_any_n_and_no_gap_on_average(n):
    found = [run(*drawn([0.2] * 6, n, seed))["gap"] for seed in range(40)]
    assert {state(f) for f in found} <= {"clear", "unsure"}
    assert np.mean([f.value for f in found]) < 0.35 * np.mean(
        [f.detail.facts["shown by chance at this n"] for f in found]
    )  # half the time it lies below what chance shows, and is 0


def test_chance_is_what_groups_alike_show():
    raw = [
        float(run(*drawn([0.2] * 6, 100, s))["gap"].detail.facts["widest"].split(": ")[1].split()[0]) for s in range(60)
    ]
    chance = run(*drawn([0.2] * 6, 100, 0))["gap"].detail.facts["shown by chance at this n"]
    assert np.mean(raw) == pytest.approx(chance, abs=0.012)


def test_groups_alike_are_cleared_once_n_allows_it():
    assert state(run(*drawn([0.02] * 3, 4000, 0))["gap"]) == "clear"


@pytest.mark.parametrize(
    ("shares", "n", "accuracy", "tried"),
    [
        ([0.3, 0.1], 150, 1.0, 0), ([0.4, 0.1, 0.1, 0.1], 200, 1.0, 0), ([0.4, 0.1, 0.1], 400, 0.85, 300),
        ([0.0, 0.05], 80, 1.0, 0),
    ],
)  # fmt: skip
def test_the_interval_covers_the_true_gap(shares, n, accuracy, tried):
    inside, values = 0, []
    for seed in range(80):
        found = run(*drawn(shares, n, seed, accuracy=accuracy, tried=tried))["gap"]
        inside += found.interval.low <= max(shares) - min(shares) <= found.interval.high
        values.append(found.value)
    assert inside >= 72  # 95 % of 80, less 2.1 errors
    assert np.mean(values) == pytest.approx(max(shares) - min(shares), abs=0.05)


def test_only_groups_of_one_domain_are_compared():
    labels = [1] * 40 + [0] * 40
    found = run(*asked(labels, ["a"] * 40 + ["b"] * 40, domains=["x"] * 40 + ["y"] * 40))
    assert "no two groups of one domain" in found["gap"].because
    assert run(*asked(labels, ["a"] * 40 + ["b"] * 40))["gap"].value == pytest.approx(1.0, abs=0.2)


def test_a_group_of_few_subjects_is_left_out_and_named():
    labels, groups = [0] * 40 + [1] * 20, ["a"] * 20 + ["b"] * 20 + ["one man"] * 20
    clusters = [*range(40), *[99] * 20]
    found = run(*asked(labels, groups, clusters=clusters))["gap"]
    assert found.value == 0.0
    assert found.detail.facts["groups left out, with fewer than 5 subjects or templates"] == "one man"


def test_an_annotator_that_cannot_tell_is_refused():
    with pytest.raises(NotApplicable, match="cannot tell the groups apart"):
        run(*drawn([0.3, 0.1], 200, 0, accuracy=0.52, tried=100))


def test_the_unwanted_label_is_found_or_asked_for():
    given = asked([0, 1] * 20, ["a"] * 20 + ["b"] * 20, names=("joy", "anger"))
    with pytest.raises(NotApplicable, match="knows joy, anger; name the setting `unwanted`"):
        run(*given)
    with pytest.raises(NotApplicable, match="did you mean 'anger'"):
        run(*given, unwanted="angr")
    assert run(*given, unwanted="anger")["share"].value == 0.5
