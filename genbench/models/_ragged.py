"""Statistics of single tokens as evidence: those of all items, one after another, with where each item's begin."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.evidence import TokenLogProbs
from genbench.models._bytes import counts_of, encode


def ragged(
    rows: Sequence[Float[np.ndarray, "_ 4"]], items: Sequence[Item], facts: dict[str, int | float | str]
) -> TokenLogProbs:
    """Evidence of items from the statistics of their tokens, one array [t 4] an item."""
    flat = np.concatenate([*rows, np.empty((0, 4))])
    counts = counts_of(items)
    counts["token"] = np.array([len(row) for row in rows], dtype=np.int64)
    counts["zlib"] = np.array([len(zlib.compress(bytes(encode(str(item))))) for item in items], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts["token"])]).astype(np.int64)
    ranks = flat[:, 3].astype(np.int64)
    return TokenLogProbs(flat[:, 0], flat[:, 1], flat[:, 2], offsets, counts, (), facts, ranks)
