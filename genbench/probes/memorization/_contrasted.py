"""A share of training items, read against the same share of held-out ones: a bare rate says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from genbench.core.score import Detail, Estimate, Interval
from genbench.stats.intervals import effective_n, wilson, with_floor


def alike(texts: Sequence[str]) -> Int[np.ndarray, " n"]:
    """[n] labels: equal texts share one, so that an item that stands in the data twice counts as one."""
    labels: dict[str, int] = {}
    return np.array([labels.setdefault(text, len(labels)) for text in texts], dtype=np.int64)


def contrasted(
    hits: Bool[np.ndarray, " n"],
    clusters: Int[np.ndarray, " n"],
    by_chance: Bool[np.ndarray, " m"],
    clusters_by_chance: Int[np.ndarray, " m"],
    detail: Detail,
) -> Estimate:
    """Share of hits, its floor the share of held-out items that are hit too; both sides are random.

    Wilson's interval at as many trials as the clusters amount to, with the floor's own error counted in (Newcombe).
    """
    value, own = _share(hits, clusters)
    floor, around = _share(by_chance, clusters_by_chance)
    found = with_floor(value, own, floor, around)
    low, high = max(0.0, found.low), min(1.0, found.high)
    return Estimate(value, len(hits), Interval(low, high, found.level, found.method), floor, detail)


def _share(hits: Bool[np.ndarray, " n"], clusters: Int[np.ndarray, " n"]) -> tuple[float, Interval]:
    value, n = float(hits.mean()), effective_n(hits, clusters)
    return value, wilson(value * n, n)
