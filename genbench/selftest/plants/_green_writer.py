"""Writes with a watermark: what a model would say next, with green tokens favoured (Kirchenbauer et al. 2023)."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int, UInt64

from genbench.core.evidence import Rng
from genbench.data.pydoc import pydoc
from genbench.stats.green_list import GreenList, numbered

# [n t] tokens so far -> [n V] probabilities of the next
Following: TypeAlias = Callable[[Int[np.ndarray, "n t"]], Float[np.ndarray, "n V"]]


def written(
    following: Following, codes: UInt64[np.ndarray, " c"], begun: Int[np.ndarray, "n t"], steps: int,
    mark: tuple[GreenList, float], rng: Rng,
) -> Int[np.ndarray, "n t_steps"]:  # fmt: skip
    """Each row carried on by `steps` tokens: p(v) times e^delta where v is green, made to sum to 1 again.

    codes: the number by which a detector knows each token, those that only stand before a text last. mark: the list
    and delta, in nats; delta 0 marks nothing.
    """
    (lists, delta), rows = mark, begun
    for _ in range(steps):
        p = following(rows)  # [n V]
        if delta:
            contexts = codes[rows[:, rows.shape[1] - lists.width :]]  # [n width]
            n, size = p.shape
            both = np.repeat(contexts, size, axis=0), np.tile(codes[:size], n)  # [nV width], [nV]
            p = p * np.exp(delta * lists.green(*both).reshape(n, size))
        ends = np.cumsum(p, axis=1)
        drawn = (ends < rng.random((len(p), 1)) * ends[:, -1:]).sum(axis=1)
        rows = np.concatenate([rows, np.minimum(drawn, p.shape[1] - 1)[:, None]], axis=1)
    return rows


@functools.cache
def word_pairs() -> tuple[tuple[str, ...], Float[np.ndarray, "V V"]]:
    """(the 400 commonest words of a real corpus, which follows which): counts of pairs over a tenth of all counts."""
    data = pydoc()
    texts = [re.findall(r"\w+", text.lower()) for text in data.take("train")]
    common = [word for word, _ in Counter(word for words in texts for word in words).most_common(400)]
    place = {word: i for i, word in enumerate(common)}
    table = np.zeros((len(common), len(common)))
    for words in texts:
        known = [place[word] for word in words if word in place]
        np.add.at(table, (known[:-1], known[1:]), 1.0)
    table += 0.1 * table.sum(axis=0, keepdims=True) / table.sum() * table.sum(axis=1, keepdims=True) + 1e-6
    return tuple(common), table / table.sum(axis=1, keepdims=True)


def texts(n: int, length: int, mark: tuple[GreenList, float], rng: Rng) -> list[str]:
    """n texts of `length` words by the pairs of a real corpus."""
    words, table = word_pairs()
    begun = rng.integers(len(words), size=(n, max(1, mark[0].width)))
    rows = written(lambda so_far: table[so_far[:, -1]], numbered(words), begun, length, mark, rng)
    return [" ".join(words[i] for i in row) for row in rows.tolist()]
