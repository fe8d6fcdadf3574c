"""A transformer over a caption and a grid of code words (Ramesh et al. 2021, arXiv:2102.12092, 2.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DROPOUT = 0.1
NOTHING = 256  # from here on, what fills a caption up to its length: each place has its own symbol, as in the paper


@dataclass
class Memory:
    """Keys and values [layers n heads t e] of what was read, filled up to `length`."""

    keys: Tensor
    values: Tensor
    length: int = 0


class Layer(nn.Module):
    """Pre-norm causal attention and feed-forward, each added to the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, memory: Memory | None, index: int) -> Tensor:
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if memory is not None:
            start = memory.length
            memory.keys[index, :, :, start : start + t], memory.values[index, :, :, start : start + t] = k, v
            k, v = memory.keys[index, :, :, : start + t], memory.values[index, :, :, : start + t]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        x = x + self.drop(self.out(y.transpose(1, 2).reshape(n, t, d)))  # [n h t e] -> [n t d]
        return x + self.drop(self.mlp(self.norm_2(x)))  # type: ignore[no-any-return]


class Prior(nn.Module):
    """p(caption, codes): a caption's `length` bytes, filled up, then a grid of code words, row by row.

    Both have their own symbols and their own output: no code word is ever expected within a caption.
    """

    def __init__(self, width: int, layers: int, heads: int, codes: int, length: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.length, self.grid, self.heads, self.width = length, grid, heads, width
        self.bytes, self.codes = nn.Embedding(256 + length, width), nn.Embedding(codes, width)
        self.places = nn.Parameter(0.02 * torch.randn(length, width))
        self.rows, self.columns = (nn.Parameter(0.02 * torch.randn(side, width)) for side in grid)
        self.start = nn.Parameter(0.02 * torch.randn(width))
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.says, self.shows = nn.Linear(width, 256 + length), nn.Linear(width, codes)
        for embedding in (self.bytes, self.codes):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, captions: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """captions [n length], z [n rows columns] -> logits of both, [n length 256+length] and [n rows*columns codes].

        The stream is shifted by one: a learned start stands before the caption, and the last code word is not read.
        """
        seen = torch.cat([self.read(captions), self.painted(z.flatten(1))], dim=1)
        x = torch.cat([self.start.expand(len(z), 1, -1), seen[:, :-1]], dim=1)  # [n length+places width]
        for i, layer in enumerate(self.layers):
            x = layer(x, None, i)
        x = self.norm(x)
        return self.says(x[:, : self.length]), self.shows(x[:, self.length :])

    def read(self, captions: Tensor) -> Tensor:
        embedded: Tensor = self.bytes(captions) + self.places
        return embedded

    def painted(self, z: Tensor, first: int = 0) -> Tensor:
        """Code words z [n t] at the places from `first` on, row by row -> [n t width]."""
        where = (self.rows[:, None] + self.columns[None]).flatten(0, 1)  # [rows columns width] -> [places width]
        embedded: Tensor = self.codes(z) + where[first : first + z.shape[1]]
        return embedded

    def drawn(self, captions: Tensor, choose: Callable[[int, Tensor], Tensor]) -> Tensor:
        """Code words [n rows columns]; choose(place, logits [n codes]) -> the words [n] at that place."""
        n, places = len(captions), self.grid[0] * self.grid[1]
        room = (len(self.layers), n, self.heads, self.length + places, self.width // self.heads)
        memory = Memory(self.start.new_empty(room), self.start.new_empty(room))
        x = torch.cat([self.start.expand(n, 1, -1), self.read(captions)], dim=1)  # [n 1+length width]
        words: list[Tensor] = []
        for place in range(places):
            t = x.shape[1]
            for i, layer in enumerate(self.layers):
                x = layer(x, memory, i)
            memory.length += t
            words.append(choose(place, self.shows(self.norm(x[:, -1]))))
            x = self.painted(words[-1][:, None], place)
        return torch.stack(words, dim=1).view(n, *self.grid)
