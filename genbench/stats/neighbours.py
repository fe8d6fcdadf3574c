"""Exact nearest neighbours, in blocks of bounded memory, with distances good enough to tell a copy from a near miss."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

BLOCK = 2048
ROUNDING = np.finfo(np.float64).eps
NEGLIGIBLE = 1e-9  # share of a squared distance by which two points may be taken for equally near


def nearest(
    queries: Float[np.ndarray, "n d"], points: Float[np.ndarray, "m d"], k: int = 1, *, exclude_self: bool = False
) -> tuple[Float[np.ndarray, "n k"], Int[np.ndarray, "n k"]]:
    """(distances, indices) of the k nearest points to each query, nearest first; Euclidean.

    exclude_self: queries are the points themselves, and each leaves itself (by place, not by value) out.
    Candidates come from the expanded square |q|^2 - 2 q.p + |p|^2 about the points' mean, whose cancellation can make
    a copy look 1e-4 away; their distances are then computed again from differences, so that an exact copy is at
    exactly 0. Where rounding could have hidden a nearer point among the others, the row is computed whole.
    """
    if k > len(points) - exclude_self:
        raise ValueError(f"asked for {k} neighbours among {len(points) - exclude_self} points")
    spare = min(len(points), k + 4 + exclude_self)
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    queries, points = np.asarray(queries, np.float64), np.asarray(points, np.float64)
    centre = points.mean(axis=0)
    moved = points - centre
    squares = np.square(moved).sum(axis=1)
    for start in range(0, len(queries), BLOCK):
        block = queries[start : start + BLOCK]
        shifted = block - centre
        own = np.square(shifted).sum(axis=1)
        rough = squares[None, :] - 2 * (shifted @ moved.T)
        if exclude_self:
            rough[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        candidates = np.argpartition(rough, spare - 1, axis=1)[:, :spare]
        exact = np.sqrt(np.square(points[candidates] - block[:, None, :]).sum(axis=2))
        if exclude_self:
            exact[candidates == start + np.arange(len(block))[:, None]] = np.inf
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances[start : start + len(block)] = np.take_along_axis(exact, order, axis=1)
        indices[start : start + len(block)] = np.take_along_axis(candidates, order, axis=1)
        # No other point is nearer than the farthest candidate, but for rounding; at 0 there is nothing to hide.
        farthest = np.take_along_axis(rough, candidates, axis=1).max(axis=1) + own
        slack = ROUNDING * (own + squares.max()) * points.shape[1]
        last = np.square(distances[start : start + len(block), -1])
        doubtful = (last > 0) & (farthest - slack < last) & (slack > NEGLIGIBLE * last) & (spare < len(points))
        for i in np.flatnonzero(doubtful):
            whole = np.sqrt(np.square(points - block[i]).sum(axis=1))
            if exclude_self:
                whole[start + i] = np.inf
            nearest_first = np.argsort(whole, kind="stable")[:k]
            distances[start + i], indices[start + i] = whole[nearest_first], nearest_first
    return distances, indices
