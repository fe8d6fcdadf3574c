"""Distances of classes: the textbook formula, known truths, what plain Fréchet misses, few items, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from genbench.core.chance import stream
from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Annotations, Features
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.classifier import Classifier
from genbench.probes.quality.class_frechet import class_frechet
from genbench.probes.quality.frechet import frechet
from genbench.selftest.intervals.classes import IN_OTHER_SHARES, NAMES, TRUTH, few, in_other_shares
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants.classes_in_other_shares import classes_in_other_shares
from genbench.selftest.plants.classes_pulled_apart import classes_pulled_apart
from genbench.stats.class_frechet import class_distances
from genbench.stats.classed import Classed

Side = tuple[np.ndarray, np.ndarray]


def run(made: Side, real: Side, known: Side, *, seed: int = 0, confusion=None) -> dict[str, Estimate]:
    names = tuple(f"c{k}" for k in range(int(real[1].max()) + 1))
    sides = []
    for x, labels in (made, real, known):
        sides += [Features(x), Annotations(labels, names, confusion)]
    found = class_frechet(*sides, rng=stream(seed, "classes"))
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


def asked(scene: Scene, seed: int = 0) -> dict[str, Estimate]:
    made, real, known = ((side[0].x, side[1].labels) for side in scene.evidence.values())
    return run(made, real, known, seed=seed)


def drawn(rng: np.random.Generator, each: int, d: int = 5, k: int = 4, scale: float = 1.0) -> Side:
    labels = np.repeat(np.arange(k), each)
    return 6 * np.eye(k, d)[labels] + scale * rng.normal(size=(len(labels), d)), labels


def test_values_are_the_textbooks_formula_with_pooled_covariances_once_the_bias_is_put_back():
    rng = np.random.default_rng(0)
    (x, own), (y, real) = drawn(rng, 40, scale=1.4), drawn(rng, 50)
    y[real == 2] += 0.7
    found = class_distances(Classed(x, own), Classed(y, real), rng=rng)
    a, b = (np.stack([side[at == k].mean(0) for k in range(4)]) for side, at in ((x, own), (y, real)))
    S, R = (
        sum((np.sum(at == k) - 1) * np.cov(side[at == k], rowvar=False) for k in range(4)) / (len(side) - 4)
        for side, at in ((x, own), (y, real))
    )
    plain = np.trace(S + R - 2 * scipy.linalg.sqrtm(S @ R).real)
    assert found.shared + found.bias == pytest.approx(plain, rel=1e-8)
    noise = [np.trace(np.cov(x[own == k].T)) / 40 + np.trace(np.cov(y[real == k].T)) / 50 for k in range(4)]
    means = np.square(a - b).sum(axis=1) - noise
    assert found.values == pytest.approx(means + found.shared, rel=1e-10)
    assert found.mean == pytest.approx(float(np.mean(means)) + found.shared)


def test_a_case_worked_by_hand():
    """Rows at -1 and 1 about 0 and 10, outputs at -2 and 2 about 0 and 13, 40 of each class."""
    labels, signs = np.repeat([0, 1], 40), np.tile([-1.0, 1.0], 40)
    real, made = (signs + 10 * labels)[:, None], (2 * signs + 13 * labels)[:, None]
    found = class_distances(Classed(made, labels), Classed(real, labels), rng=np.random.default_rng(0))
    assert found.shared + found.bias == pytest.approx(80 / 78)  # (2 - 1)^2 n/(n - 2)
    taken = (4 + 1) * (40 / 39) / 40
    assert found.values - found.shared == pytest.approx([0 - taken, 9 - taken])


@pytest.mark.parametrize("skewed", [False, True])
def test_truth_ten_classes_of_twelve_outputs_are_unbiased_where_none_has_a_covariance_of_its_own(skewed):
    rng = np.random.default_rng(1)
    found = [asked(few(skewed)(rng), seed) for seed in range(60)]
    values = np.array([f["mean"].value for f in found])
    assert values.mean() == pytest.approx(TRUTH, abs=4 * values.std() / 60**0.5)
    for name in ("mean", "worst"):
        assert sum(f[name].interval.low <= TRUTH <= f[name].interval.high for f in found) >= 52


def test_perfect_classes_of_unlike_breadth_are_at_distance_zero_in_whatever_shares_they_are_shown():
    """Covariances pooled over rows had said 1.2, which the interval of every twentieth held."""
    found = [asked(classes_in_other_shares(0.7, Trial(200, stream(i, "shares"), i)), i) for i in range(30)]
    values = np.array([f["mean"].value for f in found])
    assert values.mean() == pytest.approx(0, abs=4 * values.std() / 30**0.5)
    for name in ("mean", "worst"):
        assert sum(f[name].interval.low <= 0 <= f[name].interval.high for f in found) >= 27
    assert all("bias that may be left" not in f["mean"].detail.facts for f in found[:5])


def test_of_two_perfect_classes_the_broad_one_may_be_shown_ten_times_as_seldom_as_it_is():
    rng, off = np.random.default_rng(9), []
    for _ in range(10):
        made, real = (_broad(rng, sizes) for sizes in ((900, 100), (500, 500)))
        found = class_distances(made, real, rng=rng)
        off.append(found.mean / found.mean_error)
    assert np.abs(off).max() < 3


def _broad(rng: np.random.Generator, sizes: tuple[int, int], d: int = 8) -> Classed:
    labels = np.repeat([0, 1], sizes)
    return Classed(np.array([1.0, 3.0])[labels, None] * rng.normal(size=(len(labels), d)), labels)


def test_a_small_broad_class_does_not_make_a_covariance_of_its_own_ten_rows():
    """Were all classes alike in S and R, these would be worth 11 rows for 16 features, and one in eight accused."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sides = [_broad(rng, (190, 10), d=16) for _ in range(3)]
        found.append(run(*((side.x, side.labels) for side in sides), seed=seed)["mean"])
    assert sum(f.interval.low <= 0 <= f.interval.high for f in found) >= 19
    assert np.median([f.detail.facts["items that a covariance is worth"] for f in found]) > 50


def test_truth_classes_of_unlike_breadth_and_shares_that_are_too_wide():
    rng = np.random.default_rng(10)
    found = [asked(in_other_shares(rng), seed)["mean"] for seed in range(30)]
    values = np.array([f.value for f in found])
    assert values.mean() == pytest.approx(IN_OTHER_SHARES, abs=4 * values.std() / 30**0.5)
    assert sum(f.interval.low <= IN_OTHER_SHARES <= f.interval.high for f in found) >= 26


@pytest.mark.parametrize(("sizes", "worth"), [((50, 50), 98), ((80, 20), 4 / (1 / 79 + 1 / 19))])  # 61
def test_what_is_taken_off_for_normal_rows_is_the_bias_of_covariances_worth_so_many_rows(sizes, worth):
    """(d^2 + d) / 4 (1/n + 1/m) to second order, and the next order beside it."""
    rng, d, found = np.random.default_rng(11), 6, []
    for _ in range(60):
        made, real = (Classed(rng.normal(size=(100, d)), np.repeat([0, 1], each)) for each in (sizes, (50, 50)))
        found.append(class_distances(made, real, rng=rng))
    assert np.median([f.worth for f in found]) == pytest.approx(worth, rel=0.15)
    assert np.mean([f.bias for f in found]) == pytest.approx((d**2 + d) / 4 * (1 / worth + 1 / 98), rel=0.15)
    shared = np.array([f.shared for f in found])
    assert abs(shared.mean()) < max(0.1 * np.mean([f.bias for f in found]), 4 * shared.std() / 60**0.5)


def test_the_largest_of_ten_equal_distances_would_be_far_off_without_the_inversion():
    rng = np.random.default_rng(2)
    found = [asked(few(False)(rng), seed)["worst"] for seed in range(40)]
    largest = [
        max(float(said.split(" ")[0]) for said in worst.detail.facts["by class, all at once"].values())
        for worst in found
    ]
    off = np.mean(largest) - TRUTH
    assert off > 1
    assert abs(np.median([worst.value for worst in found]) - TRUTH) < off / 3


def test_control_classes_moved_against_one_another_are_heard_and_the_worst_is_named():
    found = asked(classes_pulled_apart(1.0, Trial(200, stream(0, "apart"), 0)))
    assert found["mean"].interval.low > 0.5 > found["mean"].floor
    assert found["worst"].interval.low > 1.5 > found["worst"].floor
    assert found["worst"].detail.facts["worst class"] == "c0"
    assert found["mean"].n == 200


def test_classes_that_have_changed_places_are_heard_where_the_distance_of_all_outputs_hears_nothing():
    rng = np.random.default_rng(3)
    (x, own), (y, real), (z, known) = (drawn(rng, 100, k=2, d=4) for _ in range(3))
    swapped = np.where(rng.random(len(own)) < 0.5, 1 - own, own)
    whole = frechet(Features(x), Features(y), Features(z), rng=stream(0, "whole"))["distance"]
    within = run((x, swapped), (y, real), (z, known))["mean"]
    assert isinstance(whole, Estimate)
    assert whole.interval.low < 0.1
    assert within.interval.low > 10


def test_outputs_like_real_items_are_at_their_floor():
    rng = np.random.default_rng(4)
    found = [run(drawn(rng, 30), drawn(rng, 60), drawn(rng, 60), seed=seed) for seed in range(20)]
    for name in ("mean", "worst"):
        assert np.mean([f[name].interval.low <= f[name].floor <= f[name].interval.high for f in found]) >= 0.95
    assert np.mean([f["mean"].value for f in found]) == pytest.approx(0, abs=0.06)


def test_fewer_items_than_features_are_admitted():
    rng = np.random.default_rng(5)
    for seed in range(5):
        found = run(drawn(rng, 10, d=60), drawn(rng, 10, d=60), drawn(rng, 10, d=60), seed=seed)
        assert found["mean"].detail.facts["bias that may be left"] > 0
        assert found["mean"].interval.low <= 0 <= found["mean"].interval.high
        assert found["worst"].interval.low <= 0 <= found["worst"].interval.high


@pytest.fixture(scope="module")
def digit_data() -> Dataset:
    return digits()


@pytest.fixture(scope="module")
def lens(digit_data) -> Classifier:
    made = Classifier(steps=200)
    made.learn(digit_data, 0)
    return made


def test_digits_through_a_lens_that_labels_them_are_at_their_floor_and_one_faint_class_is_named(digit_data, lens):
    made, real, known = (digit_data.take(split, 395) for split in ("reserve", "held_out", "train"))
    said = lens.annotate(made)
    others = [seen for items in (real, known) for seen in (Features(lens.features(items)), lens.annotate(items))]

    def ask(items) -> Estimate:
        found = class_frechet(Features(lens.features(items)), said, *others, rng=stream(0, "digits"))["worst"]
        assert isinstance(found, Estimate)
        return found

    perfect = ask(made)
    assert perfect.interval.low <= perfect.floor <= perfect.interval.high
    faint = ask([np.asarray(item) // 3 if k == 6 else item for item, k in zip(made, said.labels, strict=True)])
    assert faint.detail.facts["worst class"] == said.names[6]
    assert faint.interval.low > perfect.interval.high


def test_features_that_are_constant_are_at_distance_zero_and_a_constant_side_keeps_its_distance():
    labels = np.repeat([0, 1], 20)
    still = (np.ones((40, 3)), labels)
    assert run(still, still, still)["mean"].value == 0.0
    moved = run((np.full((40, 3), 3.0), labels), still, still)
    assert moved["mean"].value == moved["worst"].value == pytest.approx(12.0)


def test_what_cannot_be_judged_is_refused_and_small_classes_are_named():
    rng = np.random.default_rng(6)
    (x, own), real, known = drawn(rng, 20), drawn(rng, 20), drawn(rng, 20)
    rows = np.arange(65)  # of class 3 five are left
    found = run((x[rows], own[rows]), real, known)
    assert found["mean"].detail.facts["classes too small to judge"] == ["c3"]
    assert "c3" not in found["worst"].detail.facts["by class, all at once"]
    assert found["mean"].n == 60
    with pytest.raises(NotApplicable, match="needs two classes with 8 outputs"):
        run((x, np.zeros(80, np.int64)), real, known)
    other = Annotations(own, NAMES)
    with pytest.raises(NotApplicable, match="not given the same classes"):
        class_frechet(Features(x), Annotations(own, tuple("abcd")), Features(x), other, Features(x), other, rng=rng)
    with pytest.raises(NotApplicable, match="cannot tell the groups apart"):
        run((x, own), real, known, confusion=np.full((4, 4), 25))
    spoiled = x.copy()
    spoiled[7, 1] = np.inf
    with pytest.raises(ProbeError, match="generated: the features of item 7 hold NaN"):
        run((spoiled, own), real, known)


def test_the_same_chance_gives_the_same_answer():
    scene = few(False)(np.random.default_rng(7))
    assert asked(scene) == asked(scene)
