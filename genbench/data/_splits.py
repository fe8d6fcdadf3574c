"""Splits into train, held-out and reserve that keep near-duplicates on one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from genbench.core.chance import stream
from genbench.core.data import Dataset, Groups, Item, Quarantined, Split
from genbench.core.digest import digest
from genbench.core.errors import DataError


@dataclass(frozen=True)
class Shares:
    """What to keep from training: shares of the items, or, for held_out, the path of the user's own file or folder."""

    held_out: float | str
    reserve: float
    seed: int


def partition(
    clusters: Int[np.ndarray, " n"], own: int, shares: Shares
) -> tuple[dict[Split, np.ndarray], dict[str, Any]]:
    """(splits, facts). The first `own` items came from the data's path, the others from a held-out path.

    With a held-out path, train is all of the data's own items, and held-out and reserve are the given ones that are
    no near-duplicate of a training item; how many had to be left out is said.
    """
    sizes = np.bincount(clusters)
    together = int(sizes[sizes > 1].sum())
    facts: dict[str, Any] = {"near-duplicates kept on one side": together} if together else {}
    if not isinstance(shares.held_out, str):
        made = split(clusters, held_out=shares.held_out, reserve=shares.reserve, seed=shares.seed)
        return made, facts
    if not 0 <= shares.reserve < 1:
        raise DataError(f"reserve must lie in [0, 1), got {shares.reserve}")
    given = np.arange(len(clusters)) >= own
    seen = given & np.isin(clusters, clusters[~given])
    if seen.sum() == given.sum():
        raise DataError(f"every item of held_out {shares.held_out!r} is a near-duplicate of a training item")
    if seen.any():
        facts["held-out items left out"] = f"{seen.sum()} of {given.sum()} are near-duplicates of training items"
    free = np.flatnonzero(given & ~seen)
    rng = stream(shares.seed, "split")
    reserved = np.zeros(len(clusters), dtype=bool)
    labels = rng.permutation(np.unique(clusters[free]))
    for label in labels[:-1]:  # one cluster at least is left to score against
        group = free[clusters[free] == label]
        if reserved.sum() + len(group) / 2 < shares.reserve * len(free):
            reserved[group] = True
    return {
        "train": rng.permutation(np.flatnonzero(~given)),
        "held_out": rng.permutation(free[~reserved[free]]),
        "reserve": rng.permutation(free[reserved[free]]),
    }, facts


def split(clusters: Int[np.ndarray, " n"], *, held_out: float, reserve: float, seed: int) -> dict[Split, np.ndarray]:
    """Indices per split, shuffled. clusters: [n] a label per item; items of one label stay together.

    Shares are met to within one cluster. Train and held-out always get at least one item each.
    """
    if not (0 < held_out < 1 and 0 <= reserve < 1 and held_out + reserve < 1):
        raise DataError(f"held_out + reserve must stay below 1, got {held_out} + {reserve}")
    n, rng = len(clusters), stream(seed, "split")
    order = rng.permutation(np.unique(clusters))
    if len(order) < 2:
        raise DataError(f"all {n} items are near-duplicates of one another: nothing can be held out")
    members = _grouped(clusters)
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
    if not parts["held_out"]:  # every cluster was too large for the share: the smallest is held out all the same
        parts["train"].sort(key=len, reverse=True)
        parts["held_out"].append(parts["train"].pop())
    return {name: rng.permutation(np.concatenate(p)) if p else np.empty(0, np.int64) for name, p in parts.items()}


def _grouped(clusters: np.ndarray) -> dict[Any, np.ndarray]:
    order = np.argsort(clusters, kind="stable")
    labels, starts = np.unique(clusters[order], return_index=True)
    return dict(zip(labels, np.split(order, starts[1:]), strict=True))


def joined(n: int, edges: Int[np.ndarray, "m 2"]) -> Int[np.ndarray, " n"]:
    """[n] a label per node: nodes with a path of edges between them share one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    labels: np.ndarray = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


MANY = 20_000  # rows from which on sorting pays


def near_vectors(x: Float[np.ndarray, "n d"], radius: float, *, block: int = 512) -> Int[np.ndarray, " n"]:
    """[n] cluster labels: rows that lie within `radius` (Euclidean) of one another, directly or in a chain.

    Exact, in blocks of rows: memory grows as block * n, also where thousands of items are all alike.
    """
    _, first, same = np.unique(x, axis=0, return_index=True, return_inverse=True)
    u = x[first].astype(np.float64)
    u -= u.mean(axis=0)  # smaller norms cancel less in |a|^2 + |b|^2 - 2ab
    if len(u) < MANY:
        labels = _near(u, radius, block, np.full(len(u), len(u)))
    else:  # rows near one another are near along every line, so of rows sorted along one only a window is compared
        along = u @ _longest(u)
        order = np.argsort(along, kind="stable")
        along = along[order]
        ends = np.searchsorted(along, along + radius * (1 + 1e-9) + 1e-9, side="right")
        found = np.empty(len(u), dtype=np.int64)
        found[order] = _near(u[order], radius, block, ends)
        _, at, which = np.unique(found, return_index=True, return_inverse=True)
        labels = np.argsort(np.argsort(at))[which]  # numbered in order of appearance, as without the sorting
    whole: np.ndarray = labels[same.reshape(-1)]
    return whole


def _near(u: np.ndarray, radius: float, block: int, ends: np.ndarray) -> np.ndarray:
    """[n] labels of rows [n d], where row i is compared with those before ends[i], which does not fall."""
    squares, labels = (u * u).sum(axis=1), np.arange(len(u))
    for start in range(0, len(u), block):
        a = u[start : start + block]
        end = int(ends[min(start + block, len(u)) - 1])
        apart = squares[start : start + block, None] + squares[None, start:end] - 2.0 * (a @ u[start:end].T)
        i, j = np.nonzero(apart <= radius * radius)
        labels = joined(len(u), np.stack([labels[i + start], labels[j + start]], axis=1))[labels]
    return labels


def _longest(u: np.ndarray, rounds: int = 8) -> np.ndarray:
    """[d] of length 1, about the direction in which rows [n d] differ most (power iteration from the diagonal)."""
    line: np.ndarray = np.full(u.shape[1], u.shape[1] ** -0.5)
    for _ in range(rounds):
        further = u.T @ (u @ line)
        if not (length := np.linalg.norm(further)) > 0:
            break
        line = further / length
    return line


def assemble(
    *,
    modality: str,
    items: Sequence[Item],
    keys: Sequence[str],
    splits: dict[Split, np.ndarray] | None = None,
    labels: Sequence[str] | None = None,
    quarantined: Sequence[Quarantined] = (),
    **about: Any,
) -> Dataset:
    """A dataset with its digest; `about` holds name, licence, source and facts. splits: None for a benchmark, whose
    items are all held out.
    """
    groups = None
    if labels is not None:
        names = tuple(sorted(set(labels)))
        index = {name: i for i, name in enumerate(names)}
        groups = Groups(np.array([index[label] for label in labels], dtype=np.int64), names)
    return Dataset(
        modality=modality,
        items=items,
        keys=tuple(keys),
        splits={"held_out": np.arange(len(items))} if splits is None else splits,
        digest=digest(modality, list(items), list(labels or [])),
        groups=groups,
        quarantined=tuple(quarantined),
        **about,
    )
