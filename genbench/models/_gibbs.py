"""Texts from a masked language model by Gibbs sampling (Wang and Cho 2019, arXiv:1902.04094)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from genbench.core.chance import stream
from genbench.models._drawing import Drawing
from genbench.models._masked import Masks

BLOCK = 16  # rows drawn together, always
STEP = 16  # a row is padded to a multiple of this, whatever its neighbours


@dataclass(frozen=True)
class Gibbs:
    """sweeps: how often each free place is drawn. banned: tokens never drawn, such as the mask. padding: any token."""

    drawing: Drawing
    sweeps: int
    banned: tuple[int, ...]
    padding: int


@dataclass(frozen=True)
class Begun:
    """A row to be filled: tokens with the mask at each free place; seed: its chance."""

    tokens: list[int]
    free: list[int]
    seed: int


def filled(model: Masks, begun: Sequence[Begun], plan: Gibbs, name: str) -> list[list[int]]:
    """The rows with their free places drawn.

    Every free place begins masked. In each sweep a row's free places are taken in an order of its own: each is masked,
    and drawn given all others. The first sweep so draws each place once given those already drawn; further sweeps bring
    the row nearer to where the chain settles, which is no distribution the model states, as its conditionals need not
    agree. A row's blocks have one fixed shape, of its own length, so that neighbours change nothing.
    """
    rooms = [STEP * -(-len(one.tokens) // STEP) for one in begun]
    made: list[list[int]] = [[]] * len(begun)
    for room in sorted(set(rooms)):
        mine = [i for i, own in enumerate(rooms) if own == room]
        for at in range(0, len(mine), BLOCK):
            chosen = mine[at : at + BLOCK]
            for i, row in zip(chosen, _block(model, [begun[i] for i in chosen], room, (plan, name)), strict=True):
                made[i] = row
    return made


def _block(model: Masks, begun: Sequence[Begun], room: int, how: tuple[Gibbs, str]) -> list[list[int]]:
    plan, name = how
    symbols, seen = np.full((BLOCK, room), plan.padding), np.zeros((BLOCK, room), dtype=np.int64)
    seen[:, 0] = 1  # an idle row reads one token, since a row that attends to nothing has no answer
    turns: list[list[int]] = []
    chances: list[np.ndarray] = []
    for row, one in enumerate(begun):
        symbols[row, : len(one.tokens)], seen[row, : len(one.tokens)] = one.tokens, 1
        rng = stream(one.seed, name)
        turns.append([place for _ in range(plan.sweeps) for place in rng.permutation(one.free).tolist()])
        chances.append(rng.random(len(turns[-1])))
    attended = torch.from_numpy(seen)
    for turn in range(max(map(len, turns))):
        going = [row for row, own in enumerate(turns) if turn < len(own)]
        places = np.zeros(BLOCK, dtype=np.int64)
        for row in going:
            places[row] = turns[row][turn]
            symbols[row, places[row]] = model.mask
        with torch.inference_mode():
            logits = model.logits_at(torch.from_numpy(symbols), attended, torch.from_numpy(places)).float().cpu()
            logits[:, list(plan.banned)] = -torch.inf
            cumulative = plan.drawing.cumulative(logits)
        for row in going:
            symbols[row, places[row]] = int((cumulative[row] <= chances[row][turn]).sum())
    return [symbols[row, : len(one.tokens)].tolist() for row, one in enumerate(begun)]
