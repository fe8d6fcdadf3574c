"""Group shares behind an annotator's mistakes: known truths, chance taken off, what cannot be told refused."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations
from genbench.core.score import excess
from genbench.probes.bias.representation import representation
from genbench.stats.shares import corrected, to_simplex

METRICS = representation.__genbench__.reports


def annotator(k, accuracy):
    """P(said | true) [k k] that spreads its mistakes evenly."""
    rates = np.full((k, k), (1 - accuracy) / (k - 1))
    np.fill_diagonal(rates, accuracy)
    return rates


def seen(shares, n, rates, tried, rng):
    """What the annotator says of n items with these true shares; `tried` real items per group count its errors."""
    k = len(shares)
    said = [rng.choice(k, p=rates[i]) for i in rng.choice(k, n, p=shares)]
    confusion = np.stack([rng.multinomial(tried, row) for row in rates]) if tried else None
    return Annotations(np.array(said, np.int64), tuple(f"group {i}" for i in range(k)), confusion)


def both(shown, expected, n, *, accuracy=0.95, tried=300, held_out=500, seed=0, target=None):
    rng, rates = np.random.default_rng(seed), annotator(len(shown), accuracy)
    generated = seen(shown, n, rates, tried, rng)
    reference = seen(expected, held_out, rates, 0, rng)
    real = Annotations(reference.labels, reference.names, generated.confusion)
    return representation(generated, real, rng=rng, target=target)


def state(name, estimate):
    """The state the score would have."""
    metric = METRICS[name]
    best, worst = excess((estimate.interval.low, estimate.interval.high), estimate.floor, metric.better)
    return "alarm" if best > metric.tolerance else "clear" if worst <= metric.tolerance else "unsure"


def test_truth_shares_seen_by_a_70_percent_annotator_are_recovered_within_the_interval():
    inside, values = {"imbalance": 0, "worst_ratio": 0}, []
    for seed in range(60):
        found = both([0.8, 0.2], [0.5, 0.5], 800, accuracy=0.7, seed=seed)
        for name, truth in (("imbalance", 0.3), ("worst_ratio", 0.4)):
            inside[name] += found[name].interval.low <= truth <= found[name].interval.high
        values.append(found["imbalance"].value)
    assert min(inside.values()) >= 53  # 95 % of 60, less 2.4 errors
    assert np.mean(values) == pytest.approx(0.3, abs=0.03)  # its mistakes would have left 0.12 of it


def test_exact_counts_give_exact_shares():
    confusion = np.array([[70, 30], [30, 70]])
    np.testing.assert_allclose(corrected(np.array([620, 380]), confusion), [0.8, 0.2])
    np.testing.assert_allclose(corrected(np.array([800, 200]), None), [0.8, 0.2])
    np.testing.assert_allclose(
        corrected(np.array([200, 800]), confusion), [0.0, 1.0]
    )  # more than it ever says: clipped


def test_the_nearest_shares_are_shares_and_none_is_nearer():
    rng = np.random.default_rng(0)
    x = rng.normal(0.2, 0.5, size=(50, 5))
    found = to_simplex(x)
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    others = rng.dirichlet(np.ones(5), size=2000)
    nearest = np.square(x[:, None] - others[None]).sum(axis=2).min(axis=1)
    assert (np.square(x - found).sum(axis=1) <= nearest).all()
    np.testing.assert_allclose(to_simplex(others), others)


@pytest.mark.parametrize("groups", [2, 10])
@pytest.mark.parametrize("n", [9, 90, 900])
def test_a_balanced_generator_gives_no_alarm_at_any_n(groups, n):
    fair = np.full(groups, 1 / groups)
    for seed in range(12):
        found = both(fair, fair, n, seed=seed, tried=50)
        assert {state(name, found[name]) for name in METRICS} <= {"clear", "unsure"}


def test_what_chance_shows_is_taken_off_of_one_and_is_the_floor_of_the_other():
    fair = np.full(4, 0.25)
    found = [both(fair, fair, 60, seed=seed, tried=100) for seed in range(60)]
    ratios = [f["worst_ratio"] for f in found]
    assert np.mean([r.value for r in ratios]) == pytest.approx(np.mean([r.floor for r in ratios]), abs=0.05)
    facts = [f["imbalance"].detail.facts for f in found]
    shown, chance = (np.mean([f[f"imbalance {kind}"] for f in facts]) for kind in ("as measured", "by chance alone"))
    assert shown == pytest.approx(chance, abs=0.012)
    assert chance > 0.05
    assert all(f["imbalance"].floor == 0.0 for f in found)
    assert np.median([f["imbalance"].value for f in found]) < 0.02


@pytest.mark.parametrize(
    ("shown", "accuracy", "power"),
    [([0.7, 0.3], 0.95, 0.35), ([0.85, 0.15], 0.7, 0.35), ([0.0, 0.0, 0.0] + [1 / 7] * 7, 0.95, 0.9)],
)
def test_an_imbalance_of_twice_the_limit_and_more_is_heard_at_n_300(shown, accuracy, power):
    """With chance taken off the interval and again by the floor, first and last were heard 12 and 2 times in 100."""
    expected = [1 / len(shown)] * len(shown)
    found = [both(shown, expected, 300, accuracy=accuracy, tried=100, seed=seed)["imbalance"] for seed in range(20)]
    assert np.mean([state("imbalance", f) == "alarm" for f in found]) >= power


def test_a_true_imbalance_at_the_limit_seldom_raises_the_alarm():
    found = [both([0.2, 0.0] + [0.1] * 8, [0.1] * 10, 300, tried=60, seed=seed)["imbalance"] for seed in range(30)]
    assert np.mean([state("imbalance", f) == "alarm" for f in found]) <= 0.1


def test_a_balanced_generator_is_cleared_once_n_allows_it():
    found = both([0.5, 0.5], [0.5, 0.5], 2000, held_out=2000, tried=2000)
    assert [state(name, found[name]) for name in METRICS] == ["clear", "clear"]


@pytest.mark.parametrize(
    ("shown", "expected", "n", "tried"),
    [
        ([0.3, 0.7], [0.5, 0.5], 90, 300),
        ([0.1, 0.2, 0.3, 0.4], [0.25] * 4, 300, 60),
        ([0.5, 0.5], [0.5, 0.5], 300, 100),
        ([0.0, 0.4, 0.6], [0.2, 0.4, 0.4], 200, 60),
    ],
)
def test_intervals_cover_the_truth(shown, expected, n, tried):
    p, q = np.array(shown), np.array(expected)
    truths = {"imbalance": np.abs(p - q).sum() / 2, "worst_ratio": (p / q).min()}
    inside = dict.fromkeys(truths, 0)
    for seed in range(60):
        found = both(shown, expected, n, accuracy=0.9, tried=tried, seed=seed)
        for name, truth in truths.items():
            inside[name] += found[name].interval.low - 1e-9 <= truth <= found[name].interval.high + 1e-9
    assert min(inside.values()) >= 53


def test_control_a_dropped_group_raises_the_alarm():
    two = both([1.0, 0.0], [0.5, 0.5], 300)
    assert [state(name, two[name]) for name in METRICS] == ["alarm", "alarm"]
    ten = both([0.0] + [1 / 9] * 9, [0.1] * 10, 2000, tried=60)
    assert state("worst_ratio", ten["worst_ratio"]) == "alarm"
    assert ten["imbalance"].detail.facts["least represented"] == "group 0"


def test_a_group_that_never_appears_keeps_an_open_upper_end_and_none_below_zero():
    found = both([1.0, 0.0], [0.5, 0.5], 40, accuracy=0.9)["worst_ratio"]
    assert found.interval.low == 0.0
    assert 0.0 < found.interval.high < 0.6
    by_people = both([1.0, 0.0], [0.5, 0.5], 40, accuracy=1.0, tried=0)["worst_ratio"]
    assert by_people.value == 0.0
    assert 0.02 < by_people.interval.high < 0.3


def test_no_ratio_exceeds_one_and_no_distance_one():
    found = both([0.0, 1.0], [1.0, 0.0], 50, tried=0, accuracy=1.0)
    assert found["imbalance"].value == 1.0
    assert found["imbalance"].interval.high <= 1.0
    assert both([0.5, 0.5], [0.5, 0.5], 50)["worst_ratio"].interval.high <= 1.0


def test_a_target_takes_the_place_of_the_data():
    found = both([0.5, 0.5], [0.9, 0.1], 900, target={"group 0": 1.0, "group 1": 1.0})
    assert found["imbalance"].detail.facts["expected"] == {"group 0": 0.5, "group 1": 0.5}
    assert found["imbalance"].interval.low == 0.0
    against_data = both([0.5, 0.5], [0.9, 0.1], 900)
    assert against_data["imbalance"].interval.low > 0.25


def test_a_group_the_target_leaves_out_should_not_appear():
    found = both([0.5, 0.3, 0.2], [1 / 3] * 3, 900, target={"group 0": 5.0, "group 1": 3.0})
    assert found["imbalance"].value == pytest.approx(0.2, abs=0.05)
    assert found["worst_ratio"].value == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"grup 1": 1.0}, "'grup 1', no group the annotator knows; did you mean 'group 1'"),
        ({"group 0": -1.0, "group 1": 2.0}, "at least 0"),
        ({"group 0": 0.0}, "not all 0"),
        ({"group 0": float("nan")}, "at least 0"),
        ({"group 0": float("inf")}, "at least 0"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(target, why):
    with pytest.raises(NotApplicable, match=why):
        both([0.5, 0.5], [0.5, 0.5], 50, target=target)


def test_an_annotator_that_cannot_tell_groups_apart_is_refused():
    for seed in range(20):
        with pytest.raises(NotApplicable, match="cannot tell the groups apart"):
            both([0.8, 0.2], [0.5, 0.5], 200, accuracy=0.5, seed=seed)
    names = ("a", "b", "c")
    for confusion in ([[50, 0, 0], [0, 30, 20], [0, 30, 20]], [[9, 1, 0], [9, 1, 0], [9, 1, 0]]):
        said = Annotations(np.array([0, 1, 2, 0]), names, np.array(confusion))
        with pytest.raises(NotApplicable, match="singular within its error"):
            representation(said, said, rng=np.random.default_rng(0))


def test_a_group_the_annotator_was_never_tried_on_is_refused_by_name():
    said = Annotations(np.array([0, 1, 1, 0]), ("cats", "dogs"), np.array([[40, 1], [0, 0]]))
    with pytest.raises(NotApplicable, match="never tried on dogs"):
        representation(said, said, rng=np.random.default_rng(0))


def test_one_group_or_none_of_the_same_is_refused():
    one = Annotations(np.zeros(5, np.int64), ("all",))
    with pytest.raises(NotApplicable, match="2 or more groups"):
        representation(one, one, rng=np.random.default_rng(0))
    a, b = (Annotations(np.array([0, 1]), names) for names in (("x", "y"), ("y", "x")))
    with pytest.raises(NotApplicable, match="the same 2 or more groups"):
        representation(a, b, rng=np.random.default_rng(0))
