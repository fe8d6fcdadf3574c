"""log p of tokens by a causal model of transformers: padded windows side by side, or trees of what begins alike.

However long the texts and however many, at most TOKENS tokens and BLOCK logits are held at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from genbench.models._causal import Causal
from genbench.models._prefixes import Tree, trees
from genbench.models._token_stats import in_order, stats_of
from genbench.models._windows import Window

IGNORED = -100
TOKENS = 1024  # read at once, padding counted, unless one window alone has more; more at once is no faster
BLOCK = 2**22  # logits held at a time where the head can be applied to a few positions: 16 MiB of float32


def nats_of(model: Causal, windows: Sequence[Window], items: int) -> np.ndarray:
    """Sum of log p over the scored tokens of each item's windows [items], float64 from float32 per token.

    Windows alike in length are read together, padded behind. As many rows at once as items, at most, so that half the
    items need half the room.
    """
    nats: np.ndarray = _sums(model, windows, items)[0]
    return nats


def _sums(model: Causal, windows: Sequence[Window], items: int) -> np.ndarray:
    """[2 items]: log p as above, and how many of the scored tokens are each the likeliest in its place."""
    sums = np.zeros((items, 2))
    for chunk in _batches(windows, max(1, items)):
        np.add.at(sums, [w.item for w in chunk], _padded_sums(model, chunk).T)
    return sums.T


def token_rows(model: Causal, windows: Sequence[Window], items: int) -> list[np.ndarray]:
    """log p, mean, deviation and rank [t 4] of each item's scored tokens, in their order; logits in smaller blocks."""
    found: dict[int, np.ndarray] = {}
    for chunk in _batches(windows, max(1, items)):
        symbols, seen, targets = _padded(model, chunk)
        rows, places = (targets != IGNORED).nonzero(as_tuple=True)
        wanted, parts, at = targets[rows, places], [], 0
        with torch.inference_mode():
            for logits in model.logits_at(symbols, seen, rows, places, BLOCK // 4):
                parts.append(stats_of(logits, wanted[at : at + len(logits)]).numpy())
                at += len(logits)
        sizes = torch.bincount(rows.cpu(), minlength=len(chunk)).cumsum(0)[:-1].tolist()
        found |= {id(w): part for w, part in zip(chunk, np.split(np.concatenate(parts), sizes), strict=True)}
    return in_order([found[id(w)] for w in windows], [w.item for w in windows], items)


def shared_sums(model: Causal, windows: Sequence[Window], items: int) -> np.ndarray:
    """[2 items]: log p, and how many of the scored tokens are each the likeliest in its place.

    What windows share at their beginning is read once, where the model can be read so.
    """
    if max((len(w.tokens) for w in windows), default=0) > model.deepest:
        return _sums(model, windows, items)
    sums = np.zeros((items, 2))
    for tree in trees(windows):
        np.add.at(sums, tree.owners, _tree_shares(model, tree).T)
    return sums.T


def _batches(windows: Sequence[Window], most: int) -> Iterator[list[Window]]:
    """Longest first: if memory runs out, then at once."""
    chunk: list[Window] = []
    for window in sorted(windows, key=lambda one: -len(one.tokens)):
        if chunk and (len(chunk) == most or (len(chunk) + 1) * len(chunk[0].tokens) > TOKENS):
            yield chunk
            chunk = []
        chunk.append(window)
    if chunk:
        yield chunk


def _padded_sums(model: Causal, windows: Sequence[Window]) -> np.ndarray:
    """[2 n] of windows read side by side."""
    symbols, seen, targets = _padded(model, windows)
    rows, places = (targets != IGNORED).nonzero(as_tuple=True)  # [s], [s], row by row
    with torch.inference_mode():
        said = _said(model.logits_at(symbols, seen, rows, places, BLOCK), targets[rows, places])
    owners = rows.cpu().numpy()
    return np.stack([np.bincount(owners, row, minlength=len(windows)) for row in said])


def _padded(model: Causal, windows: Sequence[Window]) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, what of them is no padding, and targets, each [n t]."""
    n, t = len(windows), max(len(w.tokens) for w in windows) - 1
    symbols, seen = torch.zeros((n, t), dtype=torch.long), torch.zeros((n, t), dtype=torch.long)
    targets = torch.full((n, t), IGNORED)
    for row, w in enumerate(windows):
        end = len(w.tokens) - 1
        symbols[row, :end], seen[row, :end] = torch.tensor(w.tokens[:-1]), 1
        targets[row, w.first : end] = torch.tensor(w.tokens[1 + w.first :])
    device = model.net.device
    return symbols.to(device), seen.to(device), targets.to(device)


def _tree_shares(model: Causal, tree: Tree) -> np.ndarray:
    """[2 s] of each target of a tree."""
    device = model.net.device
    symbols, depths = torch.tensor([tree.symbols], device=device), torch.tensor([tree.depths], device=device)
    places, targets = torch.tensor(tree.places, device=device), torch.tensor(tree.targets, device=device)
    with torch.inference_mode():
        hidden = model.states_in(symbols, depths, torch.from_numpy(tree.sees()))
        size = max(1, BLOCK // model.head.weight.shape[0])
        blocks = (model.head(hidden[places[at : at + size]]) for at in range(0, len(places), size))
        return _said(blocks, targets)


def _said(blocks: Iterator[Tensor], targets: Tensor) -> np.ndarray:
    """`_log_shares` [2 s] of the targets [s] from blocks of logits [b V] in their order."""
    parts, at = [], 0
    for logits in blocks:
        parts.append(_log_shares(logits.float(), targets[at : at + len(logits)]).cpu())
        at += len(logits)
    said: np.ndarray = torch.cat(parts, dim=1).numpy()
    return said


def _log_shares(logits: Tensor, targets: Tensor) -> Tensor:
    """[2 b] float64 of the targets [b] by float32 logits [b V]: log p, and 1 where no token is likelier, else 0.

    log p = l_target - max - log sum_v exp(l_v - max).

    The logits are used up: a copy of them would cost as much as their exponentials do.

    torch's log-softmax adds a row up one element after another, in float32, and of 49,152 tokens it made each log p
    8e-6 nats too great (measured against float64), which does not average out. `sum` adds in pairs: 1e-8.
    """
    greatest = logits.amax(dim=1, keepdim=True)
    own = logits.gather(1, targets[:, None]).double() - greatest.double()
    said = own[:, 0] - logits.sub_(greatest).exp_().sum(dim=1).double().log()
    return torch.stack([said, (own[:, 0] == 0).double()])
