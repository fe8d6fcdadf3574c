"""Splits into train, held-out and reserve that keep near-duplicates on one side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from genbench.core.chance import stream
from genbench.core.data import Dataset, Groups, Item, Quarantined, Split
from genbench.core.digest import digest
from genbench.core.errors import DataError


def split(clusters: np.ndarray, *, held_out: float, reserve: float, seed: int) -> dict[Split, np.ndarray]:
    """Indices per split, shuffled. clusters: [n] a label per item; items of one label stay together.

    Shares are met to within one cluster. Train and held-out always get at least one item each.
    """
    if not (0 < held_out < 1 and 0 <= reserve < 1 and held_out + reserve < 1):
        raise DataError(f"held_out + reserve must stay below 1, got {held_out} + {reserve}")
    n, rng = len(clusters), stream(seed, "split")
    order = rng.permutation(np.unique(clusters))
    members = {label: np.flatnonzero(clusters == label) for label in order} if n < 2000 else _grouped(clusters)
    if len(order) < 2:
        raise DataError(f"all {n} items are near-duplicates of one another: nothing can be held out")
    sizes = {"held_out": max(1, round(held_out * n)), "reserve": round(reserve * n)}
    parts: dict[Split, list[np.ndarray]] = {"train": [], "held_out": [], "reserve": []}
    filled = {"held_out": 0, "reserve": 0}
    for position, label in enumerate(order):
        group = members[label]
        target: Split = "train"
        for name in ("held_out", "reserve"):
            if position < len(order) - 1 and filled[name] + len(group) / 2 < sizes[name]:
                target = name
                filled[name] += len(group)
                break
        parts[target].append(group)
    return {name: rng.permutation(np.concatenate(p)) if p else np.empty(0, np.int64) for name, p in parts.items()}


def _grouped(clusters: np.ndarray) -> dict[Any, np.ndarray]:
    order = np.argsort(clusters, kind="stable")
    labels, starts = np.unique(clusters[order], return_index=True)
    return dict(zip(labels, np.split(order, starts[1:]), strict=True))


def near_vectors(x: np.ndarray, radius: float) -> np.ndarray:
    """[n] cluster labels: rows [n d] that lie within `radius` (Euclidean) of one another, directly or in a chain."""
    pairs = NearestNeighbors(radius=radius).fit(x).radius_neighbors_graph(x, mode="connectivity")
    labels: np.ndarray = connected_components(pairs, directed=False)[1]
    return labels


def near_texts(texts: Sequence[str], *, likeness: float = 0.7) -> np.ndarray:
    """[n] cluster labels: texts whose sets of five-character shingles overlap by `likeness` (Jaccard) or more.

    Candidates come from banded MinHash (16 bands of 4 minima: a pair at 0.7 is met with probability 0.99), and
    each is then compared exactly.
    """
    sets = [_shingles(text) for text in texts]
    minima = _minima(sets, 64)
    edges: set[tuple[int, int]] = set()
    for band in range(16):
        buckets: dict[bytes, int] = {}
        for i, row in enumerate(minima[:, 4 * band : 4 * band + 4]):
            first = buckets.setdefault(row.tobytes(), i)
            if first != i and (first, i) not in edges and _jaccard(sets[first], sets[i]) >= likeness:
                edges.add((first, i))
    ends = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(texts), len(texts)))
    labels: np.ndarray = connected_components(graph, directed=False)[1]
    return labels


def _shingles(text: str) -> np.ndarray:
    """Sorted unique hashes of the five-byte windows of a text in lower case."""
    raw = np.frombuffer(text.lower().encode("utf-8", "replace").ljust(5), np.uint8).astype(np.uint64)
    windows = sum(raw[i : len(raw) - 4 + i] << np.uint64(8 * i) for i in range(5))
    return np.unique(np.asarray(windows) * np.uint64(0x9E3779B97F4A7C15))


def _minima(sets: Sequence[np.ndarray], k: int) -> np.ndarray:
    multipliers = stream(0, "minhash").integers(1, 2**63, size=k, dtype=np.uint64) | np.uint64(1)
    return np.stack([np.min(s[:, None] * multipliers[None, :] >> np.uint64(16), axis=0) for s in sets])


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)


def assemble(
    *,
    modality: str,
    items: Sequence[Item],
    keys: Sequence[str],
    splits: dict[Split, np.ndarray],
    labels: Sequence[str] | None = None,
    quarantined: Sequence[Quarantined] = (),
    **about: Any,
) -> Dataset:
    """A dataset with its digest; `about` holds name, licence, source and facts."""
    groups = None
    if labels is not None:
        names = tuple(sorted(set(labels)))
        index = {name: i for i, name in enumerate(names)}
        groups = Groups(np.array([index[label] for label in labels]), names)
    return Dataset(
        modality=modality,
        items=items,
        keys=tuple(keys),
        splits=splits,
        digest=digest(modality, list(items), list(labels or [])),
        groups=groups,
        quarantined=tuple(quarantined),
        **about,
    )
