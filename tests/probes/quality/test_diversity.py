"""Variety: the Vendi score's definition and closed forms, ratios that cover 1, dropped kinds and collapse, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Absent, Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.probes.quality.diversity import _logged, diversity, entropy


def run(generated, held_out, *, seed=0, limit=2000) -> dict[str, Estimate]:
    found = diversity(Features(generated), Features(held_out), rng=stream(seed, "diversity"), limit=limit)
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


def holds(estimate, truth):
    return estimate.interval.low <= truth <= estimate.interval.high


@pytest.mark.parametrize(("n", "d"), [(30, 5), (24, 40)])
def test_it_is_the_papers_definition(n, d):
    x = np.random.default_rng(0).normal(size=(n, d))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    eigenvalues = np.linalg.eigvalsh(unit @ unit.T / n)
    eigenvalues = eigenvalues[eigenvalues > 1e-12]
    score = np.exp(-(eigenvalues * np.log(eigenvalues)).sum())
    assert run(x, x)["vendi"].value == pytest.approx(score, rel=1e-9)
    assert run(x * 7.0, x)["vendi"].value == pytest.approx(score, rel=1e-9)  # directions alone count


@pytest.mark.parametrize(("n", "d"), [(45, 4), (45, 60)])
def test_leaving_a_group_out_is_computing_it_again_without_it(n, d):
    x = np.random.default_rng(1).normal(size=(n, d))
    parts = [entropy(np.delete(x, group, axis=0)) for group in np.array_split(np.arange(n), 20)]
    spread = np.sqrt(19 / 20 * np.square(parts - np.mean(parts)).sum())
    assert _logged(x) == pytest.approx((entropy(x), spread), rel=1e-8)


def test_equally_frequent_orthogonal_kinds_score_their_number():
    kinds = np.repeat(np.eye(8), 10, axis=0)
    assert run(kinds, kinds)["vendi"].value == pytest.approx(8)
    assert run(kinds[:40], kinds)["vendi"].value == pytest.approx(4)
    assert run(np.ones((40, 40)), np.eye(40))["vendi"].value == pytest.approx(1)
    assert run(np.eye(40), np.eye(40))["vendi"].value == pytest.approx(40)


def test_blank_items_are_one_kind_more():
    x = np.vstack([np.repeat(np.eye(3), 10, axis=0), np.zeros((10, 3))])
    assert run(x, x)["vendi"].value == pytest.approx(4)


@pytest.mark.parametrize(("n", "d"), [(60, 5), (60, 100), (300, 20)])
def test_one_distribution_twice_has_ratios_of_one_and_they_are_covered(n, d):
    rng = np.random.default_rng(2)
    scale = np.geomspace(1, 0.05, d)
    found = [run(rng.normal(0.3, 1, (n, d)) * scale, rng.normal(0.3, 1, (n + 20, d)) * scale) for _ in range(100)]
    for name in ("relative", "spread"):
        assert np.mean([f[name].value for f in found]) == pytest.approx(1.0, abs=0.02), name
        assert np.mean([holds(f[name], 1.0) for f in found]) >= 0.89, name
        assert all(f[name].floor == 1.0 for f in found)
    assert np.mean([holds(f["vendi"], f["vendi"].floor) for f in found]) >= 0.89


def test_a_difference_is_covered():
    """Outputs of 6 of 10 orthogonal kinds at unequal shares: the expectation at this n, from many repetitions."""
    rng, kinds = np.random.default_rng(5), np.eye(10)
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0, 0, 0, 0])
    draw = lambda n: kinds[rng.choice(10, n, p=shares)]
    found = [run(draw(150), kinds[rng.integers(0, 10, 150)]) for _ in range(100)]
    for name in ("relative", "vendi", "spread"):
        truth = np.mean([f[name].value for f in found])
        assert np.mean([holds(f[name], truth) for f in found]) >= 0.89, name
    pairs = lambda p: 1 - np.square(p).sum()  # chance that two items are of different kinds, at distance sqrt 2
    assert np.mean([f["spread"].value for f in found]) == pytest.approx(pairs(shares) / 0.9, abs=0.01)


@pytest.mark.parametrize("dropped", [3, 6])
def test_dropped_kinds_lower_it_in_proportion(dropped):
    rng = np.random.default_rng(4)
    kinds = np.eye(10)
    draw = lambda first: kinds[rng.integers(first, 10, 400)] + 0.02 * rng.normal(size=(400, 10))
    found = run(draw(dropped), draw(0))
    assert found["relative"].value == pytest.approx(1 - dropped / 10, abs=0.04)
    assert found["relative"].interval.high < 1
    assert found["vendi"].interval.high < found["vendi"].floor


def test_collapse_is_heard_and_unseen_digits_are_not():
    data, lens = digits(), Pixels()
    see = lambda items: np.asarray(lens.features(items), np.float64)
    held_out, reserve = see(data.take("held_out")), see(data.take("reserve"))
    perfect = run(see(data.take("train")), held_out)
    assert holds(perfect["relative"], 1.0)
    assert holds(perfect["spread"], 1.0)
    few = run(reserve[np.arange(300) % 5], held_out)
    assert few["relative"].interval.high < 0.7
    assert few["spread"].interval.high < 1.0


def test_scatter_beyond_real_items_is_above_one_and_no_good_sign():
    rng = np.random.default_rng(8)
    found = run(rng.normal(size=(300, 16)), rng.normal(size=(300, 16)) * np.geomspace(1, 0.1, 16))
    assert found["relative"].interval.low > 1.5
    assert found["spread"].interval.low > 1.2


def test_mean_distance_is_over_pairs():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(40, 3)), 2 * rng.normal(size=(40, 3))
    assert run(x, y)["spread"].value == pytest.approx(pdist(x).mean() / pdist(y).mean())


def test_all_real_items_alike_leave_no_distance_to_compare_with():
    found = diversity(Features(np.eye(30)), Features(np.ones((30, 30))), rng=stream(0))
    assert isinstance(found["spread"], Absent)
    assert isinstance(found["relative"], Estimate)
    assert found["relative"].value == pytest.approx(30)


def test_limit_bounds_both_sides_and_chance_repeats_itself():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(90, 3)), rng.normal(size=(80, 3))
    assert run(x, y) == run(x, y)
    assert run(x, y)["vendi"].n == 80
    assert run(x, y, limit=50)["vendi"].n == 50


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(7).normal(size=(30, 3))
    with pytest.raises(NotApplicable, match="20 items a side, got 19 outputs"):
        run(x[:19], x)
    spoiled = x.copy()
    spoiled[3, 1] = np.inf
    with pytest.raises(ProbeError, match="held_out: the features of item 3"):
        run(x, spoiled)
