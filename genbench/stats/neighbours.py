"""Exact nearest neighbours, in blocks of bounded memory, with distances good enough to tell a copy from a near miss."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

BLOCK = 2048


def nearest(
    queries: Float[np.ndarray, "n d"], points: Float[np.ndarray, "m d"], k: int = 1, *, exclude_self: bool = False
) -> tuple[Float[np.ndarray, "n k"], Int[np.ndarray, "n k"]]:
    """(distances, indices) of the k nearest points to each query, nearest first; Euclidean.

    exclude_self: queries are the points themselves, and each leaves itself (by place, not by value) out.
    Candidates come from the expanded square |q|^2 - 2 q.p + |p|^2, whose cancellation can make a copy look 1e-4
    away; their distances are then computed again from differences, so that an exact copy is at exactly 0.
    """
    if k > len(points) - exclude_self:
        raise ValueError(f"asked for {k} neighbours among {len(points) - exclude_self} points")
    spare = min(len(points), k + 4 + exclude_self)
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    squares = np.square(points).sum(axis=1)
    for start in range(0, len(queries), BLOCK):
        block = queries[start : start + BLOCK]
        rough = squares[None, :] - 2 * (block @ points.T)
        if exclude_self:
            rough[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        candidates = np.argpartition(rough, spare - 1, axis=1)[:, :spare]
        exact = np.sqrt(np.square(points[candidates] - block[:, None, :]).sum(axis=2))
        if exclude_self:
            exact[candidates == start + np.arange(len(block))[:, None]] = np.inf
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances[start : start + len(block)] = np.take_along_axis(exact, order, axis=1)
        indices[start : start + len(block)] = np.take_along_axis(candidates, order, axis=1)
    return distances, indices
