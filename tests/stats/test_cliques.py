"""Cliques: every group is one, equal points are found whole, and none is claimed that an exhaustive search lacks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from genbench.stats.cliques import alone, cliques, gathered, medoid


def in_any(x: np.ndarray, reach: float, least: int) -> set[int]:
    """Members of all cliques of just `least`, by trying every set."""
    near = cdist(x, x) <= reach
    whole = [c for c in combinations(range(len(x)), least) if all(near[a, b] for a, b in combinations(c, 2))]
    return {i for c in whole for i in c}


@pytest.mark.parametrize("least", [3, 4])
def test_groups_are_disjoint_cliques_and_lie_within_what_an_exhaustive_search_finds(least: int) -> None:
    rng, found, there = np.random.default_rng(0), 0, 0
    for _ in range(40):
        x = rng.normal(size=(14, 2))
        groups = cliques(x, 0.8, least)
        members = [int(i) for group in groups for i in group]
        assert len(members) == len(set(members))
        for group in groups:
            assert len(group) >= least
            assert cdist(x[group], x[group]).max() <= 0.8
        known = in_any(x, 0.8, least)
        assert set(members) <= known
        found, there = found + len(members), there + len(known)
    assert found > 0.75 * there


def test_equal_points_are_found_whole_whatever_lies_about_them() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 2))
    x[[3, 50, 120, 199]] = x[3]
    x[[7, 8, 9]] = x[7]
    groups = [set(group.tolist()) for group in cliques(x, 0.2, 3)]
    assert any({3, 50, 120, 199} <= group for group in groups)
    assert any({7, 8, 9} <= group for group in groups)
    assert [group.tolist() for group in cliques(x, 0.0, 3)] in (
        [[3, 50, 120, 199], [7, 8, 9]], [[7, 8, 9], [3, 50, 120, 199]],
    )  # fmt: skip


def test_well_separated_bunches_are_each_one_group() -> None:
    rng = np.random.default_rng(2)
    sizes = [1, 2, 3, 5, 40]
    which = np.repeat(np.arange(5), sizes)
    x = 100.0 * which[:, None] + rng.uniform(0, 0.5, size=(len(which), 3))
    assert sorted(map(len, cliques(x, 1.0, 3))) == [3, 5, 40]


def test_a_chain_is_no_clique() -> None:
    assert cliques(np.arange(10.0)[:, None], 1.0, 3) == []
    assert [group.tolist() for group in cliques(np.arange(3.0)[:, None], 2.0, 3)] == [[0, 1, 2]]


def test_what_lies_beyond_half_the_reach_is_measured_against_all_that_were_gathered() -> None:
    x = np.array([[0.0, 0.0], [0.9, 0.0], [-0.9, 0.0], [0.0, 0.95]])
    away = np.sqrt(np.square(x).sum(axis=1))
    assert gathered(x, away, 1.0).tolist() == [0, 1]  # (-0.9, 0) is 1.8 away from (0.9, 0), and (0, 0.95) 1.31
    assert gathered(x, away, 1.4).tolist() == [0, 1, 3]


def test_the_medoid_lies_in_the_middle_and_too_small_sets_have_no_clique() -> None:
    assert medoid(np.array([[0.0], [5.0], [6.0], [7.0], [30.0]])) == 2
    assert cliques(np.zeros((2, 3)), 1.0, 3) == []
    assert [group.tolist() for group in cliques(np.zeros((3, 3)), 0.0, 3)] == [[0, 1, 2]]
    with pytest.raises(ValueError, match="2 points at least"):
        cliques(np.zeros((5, 3)), 1.0, 1)


def test_a_bunch_stands_alone_and_a_dense_part_of_a_cloud_does_not() -> None:
    rng = np.random.default_rng(5)
    cloud, bunch = rng.normal(size=(300, 6)), np.full((4, 6), 9.0) + rng.normal(0, 0.01, (4, 6))
    x = np.concatenate([cloud, bunch])
    assert alone(x, np.arange(300, 304))
    assert not alone(x, np.arange(300, 303))  # the fourth lies among them
    dense = cliques(x, 3.0, 3)
    assert any(alone(x, group) for group in dense)
    assert not any(alone(x, group) for group in dense if group[-1] < 300)
    assert alone(np.zeros((3, 2)), np.arange(3))  # all there is
