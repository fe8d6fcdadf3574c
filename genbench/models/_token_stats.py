"""What a language model says of single tokens: log p and rank of the one that stands there, log p of others."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from genbench.core.data import Item
from genbench.core.evidence import TokenLogProbs
from genbench.models._bytes import counts_of, encode

LEAST = -1e4  # nats: here p is 0 to a computer, and 0 x inf would be no number


def stats_of(logits: Tensor, targets: Tensor) -> Tensor:
    """[b 4] float64 from float32 logits [b V], targets [b]: log p(target), mean and deviation of log p(v), and rank.

    mean = sum_v p(v) log p(v); deviation^2 = sum_v p(v) (log p(v) - mean)^2, so that a sure place has exactly 0. rank =
    1 + how many v have a greater logit than the target: 1 for the likeliest, and for all that are as likely.
    """
    logits = logits.float()
    rank = 1 + (logits > logits.gather(1, targets[:, None])).sum(dim=1)
    said = logits.log_softmax(dim=1)
    own = said.gather(1, targets[:, None])[:, 0]
    p, said = said.exp(), said.clamp_min(LEAST)
    mean = (p * said).sum(dim=1)
    deviation = (p * (said - mean[:, None]).square()).sum(dim=1).sqrt()
    return torch.stack([own, mean, deviation, rank.float()], dim=1).cpu().double()


def by_token(
    read: Iterable[tuple[list[int], Tensor, Tensor]], owners: Sequence[int], items: int
) -> list[Float[np.ndarray, "_ 4"]]:
    """Statistics [t 4] of each item's scored tokens, from stretches that were read in any order.

    read: (which stretches, logits [n t V], targets [n t]), a stretch's pieces one after the other; owners: the item of
    each stretch, those of one item in their order.
    """
    found: list[list[np.ndarray]] = [[] for _ in owners]
    for stretches, logits, targets in read:
        for row, stretch in enumerate(stretches):  # one row at a time: all at once would take several times the logits
            scored = targets[row] >= 0
            found[stretch].append(stats_of(logits[row][scored], targets[row][scored]).numpy())
    whole = [np.concatenate([*parts, np.empty((0, 4))]) for parts in found]
    return in_order(whole, owners, items)


def in_order(
    parts: Sequence[Float[np.ndarray, "_ 4"]], owners: Sequence[int], items: int
) -> list[Float[np.ndarray, "_ 4"]]:
    """The parts of each item, joined."""
    joined: list[list[np.ndarray]] = [[np.empty((0, 4))] for _ in range(items)]
    for part, owner in zip(parts, owners, strict=True):
        joined[owner].append(part)
    return [np.concatenate(each) for each in joined]


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
