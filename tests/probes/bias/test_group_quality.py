"""Quality by group: a moved and a collapsed group are named, equal ones are not accused, truths covered, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from judged import state

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Features
from genbench.core.score import Absent, Estimate
from genbench.data.digits import digits
from genbench.probes.bias.group_quality import _distances, _lost, _matched, _widened, group_quality
from genbench.selftest.plant import Trial
from genbench.selftest.plants.one_group_broader import one_group_broader

G, D = 4, 5
CENTRES = 6 * np.eye(G, D)


def drawn(n: int, rng: np.random.Generator, *, moved: float = 0.0, scale: float = 1.0, shares=None):
    """Items of G groups; group 0 moved by `moved` in one feature and narrowed to `scale`."""
    labels = rng.choice(G, n, p=shares)
    x = rng.normal(size=(n, D))
    x[labels == 0] *= scale
    x[labels == 0, 4] += moved
    return x + CENTRES[labels], labels


def run(rng: np.random.Generator, n: int = 240, **defect) -> dict[str, Estimate]:
    names = tuple(f"g{i}" for i in range(G))
    (x, own), (y, real), (z, known) = drawn(n, rng, **defect), drawn(300, rng), drawn(300, rng)
    said = [Annotations(labels, names) for labels in (own, real, known)]
    found = group_quality(Features(x), said[0], Features(y), said[1], Features(z), said[2], rng=rng)
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


def test_a_groups_distance_is_unbiased_and_its_error_right():
    rng, kept = np.random.default_rng(0), np.arange(G)
    found = [_distances(drawn(160, rng, moved=1.0), drawn(200, rng), kept) for _ in range(300)]
    values, variances = np.array([f.values for f in found]), np.array([np.diag(f.covariance) for f in found])
    truth = np.array([1 / D, 0, 0, 0])
    assert values.mean(axis=0) == pytest.approx(truth, abs=0.012)
    assert np.sqrt(variances.mean(axis=0)) == pytest.approx(values.std(axis=0), rel=0.35)


def test_groups_that_are_equally_good_are_not_accused():
    rng = np.random.default_rng(1)
    for defect in ({}, {"shares": [0.07, 0.2, 0.33, 0.4]}):
        found = [run(rng, **defect) for _ in range(12)]
        for name in ("distance", "coverage", "variety"):
            assert np.mean([f[name].interval.low > 0 for f in found]) <= 0.17
            assert np.median([f[name].value for f in found]) < 0.08


def test_a_small_group_that_is_broader_than_others_is_not_accused_of_being_badly_made():
    """With a bias by the trace pooled over all groups 33 of 40 of these were."""
    found = []
    for i in range(20):
        scene = one_group_broader(3.0, Trial(200, stream(i, "broader"), i))
        sides = [seen for side in scene.evidence.values() for seen in side]
        told = group_quality(*sides, rng=np.random.default_rng(i))["distance"]
        assert isinstance(told, Estimate)
        found.append(told)
    assert not [f for f in found if f.interval.low > 0]
    assert np.median([f.value for f in found]) < 0.25  # the tolerance


def test_distance_is_that_of_the_formula_in_a_case_worked_by_hand():
    """On a line, real items at -1 and 1 and at -4 and 4, outputs moved by 0 and by 3, ten of each."""
    signs, labels = np.tile([-1.0, 1.0], 10), np.repeat([0, 1], 10)
    real = (signs * np.array([1.0, 4.0])[labels])[:, None]
    found = _distances((real + 3 * labels[:, None], labels), (real, labels), np.arange(2))
    traces = np.array([1, 16]) * 10 / 9
    assert found.values == pytest.approx((np.array([0, 9]) - 2 * traces / 10) / traces.mean())


def test_a_moved_group_is_named_and_its_truth_covered():
    # |v|^2 (1 - 1/G) / tr R = 4 * 0.75 / 5 = 0.6
    rng = np.random.default_rng(2)
    found = [run(rng, moved=2.0)["distance"] for _ in range(20)]
    assert np.mean([f.interval.low <= 0.6 <= f.interval.high for f in found]) >= 0.9
    assert all(f.detail.facts["worst group"] == "g0" for f in found)
    assert np.mean([f.value for f in found]) == pytest.approx(0.6, abs=0.08)
    assert np.mean([f.interval.low > 0 for f in found]) >= 0.9


def test_a_collapsed_group_shows_in_coverage_and_not_in_distance():
    rng = np.random.default_rng(3)
    found = [run(rng, scale=0.02) for _ in range(10)]
    assert np.mean([f["coverage"].interval.low > 0.25 for f in found]) >= 0.8
    assert np.mean([f["distance"].interval.low > 0.05 for f in found]) <= 0.1
    assert all(f["coverage"].detail.facts["worst group"] == "g0" for f in found)


def test_a_group_drawn_in_is_heard_by_variety_alone_and_its_truth_covered():
    rng, truth = np.random.default_rng(5), 0.75 * np.log(2)
    found = [run(rng, scale=0.5) for _ in range(20)]
    variety = [f["variety"] for f in found]
    assert np.mean([f.interval.low <= truth <= f.interval.high for f in variety]) >= 0.9
    assert np.mean([f.value for f in variety]) == pytest.approx(truth, abs=0.06)
    assert np.mean([f.interval.low > 0.25 for f in variety]) >= 0.8
    assert all(f.detail.facts["worst group"] == "g0" for f in variety)
    assert np.mean([f["coverage"].interval.low > 0 for f in found]) <= 0.1


def test_variety_is_that_of_the_formula_in_a_case_worked_by_hand():
    """Outputs of group b at the corners of a square of side 1, about the real one of side 2; of a at the real ones."""
    square = np.tile([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], (5, 1))
    real = np.concatenate([2 * square, 2 * square + 9])
    made = np.concatenate([2 * square, square + 9.5])
    said, x, y = Annotations(np.repeat([0, 1], 20), ("a", "b")), Features(made), Features(real)
    found = group_quality(x, said, y, said, y, said, rng=np.random.default_rng(0))["variety"]
    assert isinstance(found, Estimate)
    # Corners all lie equally far from the middle, so there is no error: ln 2, of which the average has half.
    assert found.value == pytest.approx(np.log(2) / 2, abs=1e-3)
    assert found.detail.facts["worst group"] == "b"
    assert found.detail.facts["average"] == pytest.approx(np.log(2) / 2)


def test_real_items_that_are_all_one_have_no_variety_to_lose_and_outputs_that_are_all_one_count_as_a_hundredth():
    rng = np.random.default_rng(6)
    labels = np.arange(80) % 2
    said, varied = Annotations(labels, ("a", "b")), rng.normal(size=(80, 3))
    still = np.where(labels[:, None] == 0, 0.1, varied)
    absent = group_quality(Features(varied), said, Features(still), said, Features(varied), said, rng=rng)["variety"]
    assert absent == Absent("all real items of the group a have the same features: there is no breadth to lose")
    found = group_quality(Features(still), said, Features(varied), said, Features(varied), said, rng=rng)["variety"]
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(np.log(100) / 2, abs=0.15)


def test_a_groups_lost_coverage_has_the_error_that_it_shows_from_draw_to_draw():
    """Leaving out tenths of the items had found twice that."""
    rng, kept = np.random.default_rng(7), np.arange(G)
    found = []
    for _ in range(150):
        (x, own), (y, real), (z, known) = drawn(240, rng), drawn(300, rng), drawn(300, rng)
        ours, theirs = _matched(own, known, kept, rng)
        found.append(_lost((x[ours], z[theirs], y), (own[ours], known[theirs], real), kept, 5, rng))
    values, variances = np.array([f.values for f in found]), np.array([np.diag(f.covariance) for f in found])
    assert values.mean(axis=0) == pytest.approx(0, abs=0.015)
    ratio = np.sqrt(variances.mean(axis=0)) / values.std(axis=0)
    assert 0.85 < ratio.min() < ratio.max() < 1.5


def test_coverage_lost_is_that_of_the_formula_in_a_case_worked_by_hand():
    """Held-out items of group b stand on four places, of which its outputs reach two and its training items all."""
    places = np.repeat(np.arange(8.0), 10)[:, None] * [[10.0, 0.0]]
    labels = (np.arange(80) >= 40).astype(np.int64)
    made = places.copy()
    made[60:] -= [20.0, 0.0]
    kept, rng = np.arange(2), np.random.default_rng(0)
    found = _lost((made, places, places), (labels, labels, labels), kept, 5, rng)
    assert found.values == pytest.approx([0.0, 0.5])
    # Deals reach every place in either hand, nearly surely. Items: (40 / 4 + 2) / 41 of b, 2 / 41 of a, by Student's.
    widened = np.array([2, 12]) / 41 / 40 * _widened(40, 2)
    assert np.diag(found.covariance) == pytest.approx(widened, rel=0.02)


def test_a_perfect_generator_of_real_digits_is_cleared_and_one_that_knows_a_single_three_is_accused():
    """Ten groups of about 40 held-out items. With a jackknife's errors and bands for all groups at once none was."""
    data, rng, names = digits(), np.random.default_rng(8), tuple(map(str, range(10)))
    x = np.stack([item.reshape(-1) for item in data.items]) / 255
    labels = data.groups.labels
    said: dict[str, list[str]] = {"perfect": [], "a single three": []}
    for _ in range(10):
        real, own, known = np.split(rng.permutation(len(x)), [400, 800])
        for kind, found in said.items():
            made = x[own].copy()
            if kind == "a single three":
                threes = np.flatnonzero(labels[own] == 3)
                made[threes] = made[threes[0]]
            sides = [Features(made), Features(x[real]), Features(x[known])]
            seen = [Annotations(labels[at], names) for at in (own, real, known)]
            told = group_quality(sides[0], seen[0], sides[1], seen[1], sides[2], seen[2], rng=rng)["coverage"]
            assert isinstance(told, Estimate)
            found.append(state(group_quality, "coverage", told))
    assert said["perfect"].count("clear") >= 6
    assert said["a single three"].count("alarm") >= 5
    assert "clear" not in said["a single three"]


def test_groups_too_small_are_named_and_left_out():
    rng = np.random.default_rng(4)
    found = run(rng, n=200, shares=[0.01, 0.33, 0.33, 0.33])
    assert found["distance"].detail.facts["groups too small to judge"] == ["g0"]
    with pytest.raises(NotApplicable, match="needs two groups with 8 outputs"):
        run(rng, n=40, shares=[0.97, 0.01, 0.01, 0.01])
