"""What a language model says of single tokens: log p and rank of the one that stands there, log p of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

LEAST = -1e4  # nats: here p is 0 to a computer, and 0 x inf would be no number


def stats_of(logits: Tensor, targets: Tensor) -> Tensor:
    """[b 4] float64 from float32 logits [b V], targets [b]: log p(target), mean and deviation of log p(v), and rank.

    mean = sum_v p(v) log p(v); deviation^2 = sum_v p(v) (log p(v) - mean)^2, so that a sure place has exactly 0. rank =
    1 + how many v have a greater logit than the target: 1 for the likeliest, and for all that are as likely.

    Every sum is of shares e_v = exp(l_v - max), and its logarithm is taken in float64, as `_log_shares` of `_scoring`
    does and says why: torch's log-softmax in float32 made a log p up to 2e-5 nats wrong over 50,257 tokens, one way.
    """
    logits = logits.float()
    own = logits.gather(1, targets[:, None])
    rank = 1 + (logits > own).sum(dim=1)
    greatest = logits.amax(dim=1, keepdim=True)
    below = (logits - greatest).clamp_min_(LEAST)
    e = below.exp()
    whole, lean = e.sum(dim=1), (e * below).sum(dim=1)
    spread = (e * (below - (lean / whole)[:, None]).square()).sum(dim=1)
    sums = torch.stack([own[:, 0], greatest[:, 0], whole, lean, spread, rank.float()]).cpu().double()
    own, top, whole, lean, spread, place = sums
    return torch.stack([own - top - whole.log(), lean / whole - whole.log(), (spread / whole).sqrt(), place], dim=1)


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
