"""Splits: shares met, near-duplicates on one side, a held-out path of the user's own kept apart from training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genbench.core.errors import DataError
from genbench.data import _splits
from genbench.data._shingles import near_texts
from genbench.data._splits import Shares, near_vectors, partition, split


@settings(max_examples=150, deadline=None)
@given(
    clusters=st.lists(st.integers(0, 12), min_size=2, max_size=60).filter(lambda c: len(set(c)) > 1),
    held_out=st.floats(0.05, 0.6),
    reserve=st.floats(0.0, 0.35),
    seed=st.integers(0, 5),
)
def test_every_item_is_in_one_split_and_every_cluster_too(
    clusters: list[int], held_out: float, reserve: float, seed: int
) -> None:
    labels = np.array(clusters)
    parts = split(labels, held_out=held_out, reserve=reserve, seed=seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(labels)))
    assert min(len(parts["train"]), len(parts["held_out"])) > 0
    homes = [set(labels[p].tolist()) for p in parts.values()]
    assert sum(map(len, homes)) == len(set(clusters))


def test_shares_are_met_and_the_seed_decides() -> None:
    singles = np.arange(1000)
    parts = split(singles, held_out=0.25, reserve=0.2, seed=0)
    assert [len(parts[s]) for s in ("train", "held_out", "reserve")] == [550, 250, 200]  # type: ignore[index]
    again, other = (split(singles, held_out=0.25, reserve=0.2, seed=s) for s in (0, 1))
    assert np.array_equal(parts["train"], again["train"])
    assert not np.array_equal(parts["train"], other["train"])


def test_two_large_clusters_still_leave_one_held_out() -> None:
    for seed in range(20):
        parts = split(np.array([0] * 90 + [1] * 10), held_out=0.05, reserve=0.0, seed=seed)
        assert len(parts["held_out"]) == 10


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(DataError, match="near-duplicates of one another"):
        split(np.zeros(50, np.int64), held_out=0.25, reserve=0.2, seed=0)
    with pytest.raises(DataError, match="below 1"):
        split(np.arange(50), held_out=0.7, reserve=0.4, seed=0)


def test_a_held_out_path_keeps_training_copies_out() -> None:
    clusters = np.array([0, 1, 2, 3, 2, 4, 5, 6, 7])  # the first four are the data's own; the fifth copies the third
    parts, facts = partition(clusters, 4, Shares("other.txt", 0.5, 0))
    assert sorted(parts["train"].tolist()) == [0, 1, 2, 3]
    assert sorted([*parts["held_out"].tolist(), *parts["reserve"].tolist()]) == [5, 6, 7, 8]
    assert len(parts["reserve"]) == 2
    assert facts["held-out items left out"].startswith("1 of 5")
    with pytest.raises(DataError, match="every item of held_out"):
        partition(np.array([0, 1, 0, 1]), 2, Shares("same.txt", 0.2, 0))


def test_near_vectors_equal_those_found_pair_by_pair() -> None:
    x = np.random.default_rng(0).uniform(0, 10, size=(300, 3))
    x[250:] = x[:50]  # exact copies, which are set aside before pairs are compared
    found = near_vectors(x, 0.9, block=64)
    apart = np.linalg.norm(x[:, None] - x[None], axis=2) <= 0.9
    reach = apart
    while not np.array_equal(further := (reach.astype(int) @ apart.astype(int)) > 0, reach):
        reach = further
    assert np.array_equal(found[:, None] == found[None], reach)


def test_thousands_of_equal_items_are_one_cluster() -> None:
    x = np.random.default_rng(1).normal(0, 1e-3, size=(3000, 16))
    assert set(near_vectors(x, 1.0).tolist()) == {0}


def test_texts_with_few_words_changed_are_near_and_others_are_not() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 6)) for _ in range(400)]
    pages = [" ".join(rng.choice(words, 60)) for _ in range(40)]
    changed = [page.replace(page.split()[7], "another", 1) for page in pages]
    clusters = near_texts(pages + changed + ["", "a"])
    assert np.array_equal(clusters[:40], clusters[40:80])
    assert len(set(clusters.tolist())) == 42


def test_a_shared_opening_does_not_hide_near_duplicates() -> None:
    opening = "All rights are reserved by the publisher, and no part may be copied without consent. " * 2
    rng = np.random.default_rng(3)
    bodies = [" ".join(str(rng.integers(10**8)) for _ in range(12)) for _ in range(30)]
    texts = [opening + body for body in bodies]
    twin = texts[17][:-4]
    clusters = near_texts([*texts, twin])
    assert clusters[30] == clusters[17]


def test_many_rows_are_compared_in_windows_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 12)) * np.linspace(3, 0.3, 12)
    x = np.concatenate([x, x[:90] + 0.02 * rng.normal(size=(90, 12)), x[40:60], x[:300] + 0.3])
    everything = near_vectors(x, 1.0)
    assert 100 < len(np.unique(everything)) < len(x)
    monkeypatch.setattr(_splits, "MANY", 10)
    assert np.array_equal(near_vectors(x, 1.0, block=64), everything)
    assert np.array_equal(near_vectors(np.zeros((50, 3)), 1.0), np.zeros(50))
