"""Intervals of means over families of items."""

import numpy as np
import pytest

from genbench.stats.clusters import by_name, clustered_ratio, clusters_of
from genbench.stats.intervals import ratio_interval, wilson

SHARE = (0.0, 1.0)


def in_families(share: float, families: int, each: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half of the items go with their family, half go their own way: (hits [n], families [n])."""
    own = np.repeat(np.arange(families), each)
    luck = np.where(rng.random(families * each) < 0.5, rng.random(families)[own], rng.random(families * each))
    return (luck < share).astype(float), own


def test_in_the_middle_it_is_students_by_linearization():
    hits, own = in_families(0.5, 150, 4, np.random.default_rng(0))
    found = clustered_ratio(hits, np.ones(600), own, SHARE)
    straight = ratio_interval(hits, np.ones(600), clusters=own)
    assert found.low == pytest.approx(straight.low, abs=2e-3)
    assert found.high == pytest.approx(straight.high, abs=2e-3)


def test_items_by_themselves_near_a_bound_have_wilsons_farther_end():
    hits = np.repeat([1.0, 0.0], [570, 30])
    found = clustered_ratio(hits, np.ones(600), np.arange(600), SHARE)
    assert found.low == pytest.approx(wilson(570, 600).low, abs=5e-4)
    assert found.high == pytest.approx(ratio_interval(hits, np.ones(600)).high)


def test_what_all_agree_on_is_bounded_by_the_rule_of_three_over_clusters():
    found = clustered_ratio(np.ones(600), np.ones(600), np.repeat(np.arange(150), 4), SHARE)
    assert found.high == 1.0
    assert found.low == pytest.approx(wilson(150, 150).low)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_it_covers_near_a_bound_as_in_the_middle(share: float):
    rng = np.random.default_rng(1)
    drawn = (clustered_ratio(hits, np.ones(600), own, SHARE) for hits, own in
             (in_families(share, 150, 4, rng) for _ in range(400)))  # fmt: skip
    covered = sum(found.low <= share <= found.high for found in drawn)
    assert covered >= 366  # of 400 at 95 %: fewer come once in a thousand


def test_names_share_one_level_and_a_name_with_nothing_to_count_says_so():
    told = by_name(np.array([1.0, 0.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0]), np.arange(4), list("aaab"), SHARE)
    assert told["a"].startswith("0.667 [")
    assert told["a"].endswith("n = 3 in 3 clusters")
    assert told["b"] == "nothing to count among 1"


def test_an_item_without_a_family_is_one_by_itself():
    assert clusters_of([{"cluster": "x"}, {}, {"cluster": "x"}], ("a", "b", "c")).tolist() == ["x", "b", "x"]
