"""How the byte models learn: by AdamW on batches of texts alike in length, kept where held-out texts are said best."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from genbench.core.chance import stream
from genbench.core.data import Dataset
from genbench.core.errors import ModelError
from genbench.core.model import History, Tick, Training
from genbench.models._bytes import END, START, encode

IGNORED = -100  # a target that cross-entropy leaves out

Loss: TypeAlias = Callable[[list[str], np.random.Generator], Tensor]  # of a batch of texts
Outside: TypeAlias = Callable[[list[str]], float]  # of the held-out texts, without dropout


@dataclass(frozen=True)
class Plan:
    """name: of the family, whose chance the batches use. patience: looks without a better held-out loss, at most."""

    name: str
    steps: int
    batch: int
    rate: float
    patience: int


def learned(net: nn.Module, data: Dataset, losses: tuple[Loss, Outside], plan: Plan, training: Training) -> History:
    """Fits `net` in place; stops when the held-out loss has not improved `patience` times, and keeps the best weights.

    The rate rises over 20 steps and falls linearly. About 15 looks at 96 held-out texts are taken.
    """
    loss_of, outside_of = losses
    optimizer = torch.optim.AdamW(net.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.05)
    texts, rng = data.take("train"), stream(training.seed, f"{plan.name} batches")
    order = alike_in_length([len(encode(text)) for text in texts], plan.batch, rng)
    held_out, every = data.take("held_out", 96), max(1, plan.steps // 15)
    if not held_out:
        raise ModelError(f"{plan.name} needs held-out texts to know when to stop, and {data.name!r} has none")
    best, kept, stale, ticks = float("inf"), copy.deepcopy(net.state_dict()), 0, []
    for step in range(1, plan.steps + 1):
        net.train()
        optimizer.param_groups[0]["lr"] = plan.rate * min(step / 20, 1.02 - step / plan.steps)
        loss = loss_of([texts[i] for i in next(order)], rng)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step % every and step != plan.steps:
            continue
        net.eval()
        outside = outside_of(held_out)
        stale = 0 if outside < best else stale + 1
        if outside < best:
            best, kept = outside, copy.deepcopy(net.state_dict())
        ticks.append(Tick(step, plan.steps, {"train": loss.item(), "held_out": outside}))
        training.tell(ticks[-1])
        if stale >= plan.patience:
            break
    net.load_state_dict(kept)
    net.eval()
    ended = "all steps done" if stale < plan.patience else f"held-out loss had not improved {plan.patience} times"
    return History(tuple(ticks), f"{ended}; the best held-out loss was kept (nats per symbol)")


def alike_in_length(lengths: Sequence[int], size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Endless batches of indices, by epochs in fresh order; of each eight batches' texts, those alike share one."""
    while True:
        order = rng.permutation(len(lengths))
        for at in range(0, len(order), 8 * size):
            group = sorted(order[at : at + 8 * size].tolist(), key=lengths.__getitem__)
            chunks = [group[i : i + size] for i in range(0, len(group), size)]
            yield from (chunks[i] for i in rng.permutation(len(chunks)))


def cropped(text: str, context: int, rng: np.random.Generator) -> list[int]:
    """A stretch of at most context + 1 symbols of a text with its start and end."""
    symbols = [START, *encode(text), END]
    start = int(rng.integers(0, max(1, len(symbols) - context)))
    return symbols[start : start + context + 1]


def padded(windows: Sequence[list[int]], first: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Inputs and targets [n t], scored from `first` on; padding is behind, where what is causal does not see it."""
    length = max(map(len, windows)) - 1
    inputs, targets = torch.full((len(windows), length), END), torch.full((len(windows), length), IGNORED)
    for row, window in enumerate(windows):
        inputs[row, : len(window) - 1] = torch.tensor(window[:-1])
        targets[row, first[row] : len(window) - 1] = torch.tensor(window[1 + first[row] :])
    return inputs, targets
