"""How a byte model writes: symbol after symbol, in blocks of one fixed shape, with each row's chance its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genbench.core.chance import stream
from genbench.core.errors import ModelError
from genbench.models._bytes import END, START, decode

BLOCK = 16  # rows that are generated together, always; a CPU gains nothing from more,
WIDER_BLOCK = 64  # another device does

# Given all symbols so far [n t], the logits [n SYMBOLS] of the next; asked with one symbol more each time, so that it
# may remember what it has read.
Reader: TypeAlias = Callable[[np.ndarray], Tensor]


@dataclass(frozen=True)
class Drawing:
    """How the next symbol is drawn: temperature 0 is greedy; top_k 0 keeps all; top_p acts within what top_k left."""

    temperature: float
    top_k: int
    top_p: float
    longest: int

    def check(self, name: str) -> None:
        """`ModelError` for settings without meaning."""
        if self.longest < 1:
            raise ModelError(f"{name}: longest is at least 1, got {self.longest}")
        if not (self.temperature >= 0 and self.top_k >= 0 and 0 < self.top_p <= 1):
            raise ModelError(
                f"{name}: temperature >= 0, top_k >= 0 and 0 < top_p <= 1, got {self.temperature}, {self.top_k} and "
                f"{self.top_p}"
            )

    def cumulative(self, logits: Tensor) -> np.ndarray:
        """Cumulative probabilities [n V] after temperature, top-k and, within that, top-p; float64."""
        logits = logits.float().cpu().double()
        if self.temperature == 0:
            p = F.one_hot(logits.argmax(dim=1), logits.shape[1]).double()
        else:
            p = (logits / self.temperature).softmax(dim=1)
        if self.top_k or self.top_p < 1:
            ordered, order = p.sort(dim=1, descending=True, stable=True)
            ordered[:, self.top_k or logits.shape[1] :] = 0
            before = ordered.cumsum(dim=1) - ordered
            ordered[before >= self.top_p * ordered.sum(dim=1, keepdim=True)] = 0
            p = torch.zeros_like(p).scatter(1, order, ordered)
        whole = p.cumsum(dim=1)
        cumulative: np.ndarray = (whole / whole[:, -1:]).numpy()  # ends at 1 exactly, so no chance lies beyond it
        return cumulative


@dataclass(frozen=True)
class Writer:
    """A byte model that writes. reader: a fresh reader for n rows; name: of the family, whose chance the rows use."""

    name: str
    device: str
    reader: Callable[[int], Reader]
    drawing: Drawing

    def written(self, prompts: Sequence[list[int]], seeds: Sequence[int]) -> list[str]:
        """What is added to each prompt: by blocks of one fixed shape, filled up with idle rows, so that neighbours
        change nothing.

        A matrix product of fewer rows may sum in another order, and one bit of difference can turn a draw.
        """
        made: list[str] = []
        size = BLOCK if self.device == "cpu" else WIDER_BLOCK
        for at in range(0, len(seeds), size):
            made += self._block(prompts[at : at + size], seeds[at : at + size], size)
        return made

    def _block(self, prompts: Sequence[list[int]], seeds: Sequence[int], size: int) -> list[str]:
        """All rows advance together: a row still inside its prompt keeps its byte, another draws its next symbol.

        So prompts of different lengths need no padding, and a row's chance is its own: one number per symbol drawn.
        """
        idle, longest = size - len(seeds), self.drawing.longest
        own = np.array([1 + len(prompt) for prompt in prompts] + [1] * idle)  # where a row's own symbols begin
        text = np.full((size, int(own.max()) + longest), END)
        text[:, 0] = START
        for row, prompt in enumerate(prompts):
            text[row, 1 : own[row]] = prompt
        chances = np.stack([stream(seed, self.name).random(longest) for seed in seeds] + [np.zeros(longest)] * idle)
        ended = np.arange(size) >= len(seeds)
        following = self.reader(size)
        for place in range(1, text.shape[1]):
            with torch.inference_mode():
                cumulative = self.drawing.cumulative(following(text[:, :place]))
            nth = np.clip(place - own, 0, longest - 1)
            drawn = (cumulative <= chances[np.arange(size), nth, None]).sum(axis=1)
            draws = (place >= own) & ~ended
            text[draws, place] = drawn[draws]
            ended |= draws & ((drawn == END) | (place - own == longest - 1))
            if ended.all():
                break
        rows = (text[row, own[row] :].tolist() for row in range(len(seeds)))
        return [decode(row[: row.index(END)] if END in row else row) for row in rows]
