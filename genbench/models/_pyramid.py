"""Small convolutional networks between an image and a vector, for images of any size."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Up(nn.Module):
    """z [n latent] -> x [n c h w] in [0, 1]: dense layers make a grid of at most 8 x 8, convolutions double it."""

    def __init__(self, shape: tuple[int, int, int], breadth: int, latent: int) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        doublings = max(0, math.ceil(math.log2(max(height, width) / 8)))
        planes = [channels, *(breadth * 2**i for i in range(doublings))][::-1]  # before and after each doubling
        self.grid = (planes[0], -(-height // 2**doublings), -(-width // 2**doublings))
        hidden = 8 * breadth
        self.lift = nn.Sequential(
            nn.Linear(latent, hidden), nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden), nn.LeakyReLU(0.2),
            nn.Linear(hidden, math.prod(self.grid)),
        )  # fmt: skip
        up: list[nn.Module] = []
        for inner, outer in pairwise(planes):
            up += [nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2), nn.Conv2d(inner, outer, 3, padding=1)]
        self.layers = nn.Sequential(*up)

    def forward(self, z: Tensor) -> Tensor:
        x = self.layers(self.lift(z).view(-1, *self.grid))  # [n flat] -> [n planes h/m w/m] -> [n c h w]
        return torch.sigmoid(x[:, :, : self.shape[1], : self.shape[2]])


class Down(nn.Module):
    """x [n c h w] in [0, 1] -> [n outputs]: convolutions halve it to at most 8 x 8, then layers are dense.

    No batch norm anywhere: a gradient penalty needs each item's own gradient, and an output must not depend on its
    neighbours.
    """

    def __init__(self, shape: tuple[int, int, int], breadth: int, outputs: int) -> None:
        super().__init__()
        channels, height, width = shape
        halvings = max(0, math.ceil(math.log2(max(height, width) / 8)))
        self.multiple = 2**halvings
        planes = [channels, *(breadth * 2**i for i in range(halvings))]
        down: list[nn.Module] = []
        for outer, inner in pairwise(planes):
            down += [nn.Conv2d(outer, inner, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        flat = planes[-1] * -(-height // self.multiple) * -(-width // self.multiple)
        hidden = 8 * breadth
        self.layers = nn.Sequential(
            *down, nn.Flatten(),
            nn.Linear(flat, hidden), nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden), nn.LeakyReLU(0.2),
            nn.Linear(hidden, outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple))
        out: Tensor = self.layers(2 * x - 1)
        return out
