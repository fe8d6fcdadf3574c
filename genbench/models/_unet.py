"""A small U-Net told a number per image, such as a noise level or a time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Residual block whose channels are scaled and shifted by what it is told."""

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm, self.norm_out = nn.GroupNorm(8, inputs), nn.GroupNorm(8, outputs)
        self.told = nn.Linear(told, 2 * outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, e: Tensor) -> Tensor:  # x [n i h w], e [n told] -> [n o h w]
        y = self.first(F.silu(self.norm(x)))
        scale, shift = self.told(e)[:, :, None, None].chunk(2, dim=1)
        y = self.second(F.silu(self.norm_out(y) * (1 + scale) + shift))
        return y + self.skip(x)  # type: ignore[no-any-return]


class Unet(nn.Module):
    """Images [n c h w] and a number for each [n] -> images. Two halvings: sizes are padded to multiples of 4.

    breadth: channels at full size, a multiple of 8 (the norms have 8 groups). What else a network is told of an image,
    such as its class, can be added to `told` of the number, before that goes to `made`.
    """

    def __init__(self, shape: tuple[int, int, int], breadth: int) -> None:
        super().__init__()
        self.shape, told = shape, 2 * breadth
        channels = shape[0]
        self.frequencies: Tensor
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, 5, breadth // 2)))
        self.tell = nn.Sequential(nn.Linear(breadth, told), nn.SiLU(), nn.Linear(told, told), nn.SiLU())
        self.enter = nn.Conv2d(channels, breadth, 3, padding=1)
        self.down_1, self.down_2 = Block(breadth, breadth, told), Block(breadth, 2 * breadth, told)
        self.middle = Block(2 * breadth, 2 * breadth, told)
        self.up_2, self.up_1 = Block(4 * breadth, breadth, told), Block(2 * breadth, breadth, told)
        self.leave = nn.Sequential(nn.GroupNorm(8, breadth), nn.SiLU(), nn.Conv2d(breadth, channels, 3, padding=1))

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        return self.made(x, self.told(level))

    def told(self, level: Tensor) -> Tensor:  # [n] -> [n 2 breadth]
        waves = level[:, None] * self.frequencies  # [n breadth/2]
        e: Tensor = self.tell(torch.cat([waves.sin(), waves.cos()], dim=1))
        return e

    def made(self, x: Tensor, e: Tensor) -> Tensor:  # [n c h w], [n 2 breadth] -> [n c h w]
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % 4, 0, -height % 4))
        a = self.down_1(self.enter(x), e)  # [n b h w]
        b = self.down_2(F.avg_pool2d(a, 2), e)  # [n 2b h/2 w/2]
        m = self.middle(F.avg_pool2d(b, 2), e)  # [n 2b h/4 w/4]
        u = self.up_2(torch.cat([F.interpolate(m, scale_factor=2), b], dim=1), e)
        u = self.up_1(torch.cat([F.interpolate(u, scale_factor=2), a], dim=1), e)
        out: Tensor = self.leave(u)
        return out[:, :, :height, :width]
