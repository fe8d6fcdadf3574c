"""Text as bytes with a start and an end: every string can be written, and its length in bytes is exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genbench.core.data import Item

END, START = 256, 257
SYMBOLS = 257  # what can be predicted: 256 bytes and the end; the start is only ever given


def encode(text: str) -> list[int]:
    return list(text.encode("utf-8", "surrogatepass"))


def decode(symbols: Sequence[int]) -> str:
    return bytes(symbols).decode("utf-8", "replace")


def whole(items: Sequence[Item]) -> list[tuple[list[int], int]]:
    """Each text with its start and end, and 0: the place from which on its symbols are scored."""
    return [([START, *encode(str(item)), END], 0) for item in items]


def continued(contexts: Sequence[str], continuations: Sequence[str]) -> list[tuple[list[int], int]]:
    """Each context and its continuation behind a start, and the place from which on the latter is scored."""
    texts = []
    for before, after in zip(contexts, continuations, strict=True):
        given = encode(before)
        texts.append(([START, *given, *encode(after)], len(given)))
    return texts


def counts_of(items: Sequence[Item]) -> dict[str, np.ndarray]:
    """Units of each text: tokens (bytes and the end), bytes, words."""
    lengths = np.array([len(encode(str(item))) for item in items], dtype=np.int64)
    words = np.array([max(1, len(str(item).split())) for item in items], dtype=np.int64)
    return {"token": lengths + 1, "byte": np.maximum(lengths, 1), "word": words}


def added_counts(continuations: Sequence[str]) -> dict[str, np.ndarray]:
    """Units of each continuation, whose end is not among them: tokens are bytes."""
    counts = counts_of(continuations)
    return counts | {"token": counts["byte"]}
