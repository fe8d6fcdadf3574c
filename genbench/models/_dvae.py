"""A discrete variational autoencoder: an image as a grid of code words (Ramesh et al. 2021, arXiv:2102.12092, 2.1).

q(z|x) is a softmax over the code words at each place, p(z) is uniform, and what is drawn from q is relaxed, while it
learns, by the Gumbel softmax (Jang et al. 2016, arXiv:1611.01144; Maddison et al. 2016, arXiv:1611.00712).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

COLDEST = 1 / 16  # temperature at which the relaxation ends, from 1 (appendix A.2)
SPREAD = 0.1  # standard deviation of a pixel about its reconstruction, in [0, 1]


class Residual(nn.Module):
    """x [n i h w] -> the same shape."""

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(), nn.Conv2d(planes, planes, 3, padding=1), nn.ReLU(), nn.Conv2d(planes, planes, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)  # type: ignore[no-any-return]


class Dvae(nn.Module):
    """Images [n c h w] in [0, 1] <-> codes [n rows columns], each one of `codes` words.

    The image is halved once at least, and until no side has more than `longest` places; sizes are rounded up inside to
    what halves evenly, and cropped again.
    """

    def __init__(self, shape: tuple[int, int, int], breadth: int, codes: int, longest: int) -> None:
        super().__init__()
        self.shape, self.codes = shape, codes
        channels, height, width = shape
        halvings = max(1, math.ceil(math.log2(max(height, width) / longest)))
        self.multiple = 2**halvings
        self.grid = (-(-height // self.multiple), -(-width // self.multiple))
        down: list[nn.Module] = [nn.Conv2d(channels, breadth, 3, padding=1)]
        up: list[nn.Module] = []
        for i in range(halvings):
            fine, coarse = breadth << min(i, 2), breadth << min(i + 1, 2)
            down += [nn.ReLU(), nn.Conv2d(fine, coarse, 4, stride=2, padding=1), Residual(coarse)]
            up = [Residual(coarse), nn.ReLU(), nn.ConvTranspose2d(coarse, fine, 4, stride=2, padding=1), *up]
        inner = breadth << min(halvings, 2)
        self.encoder = nn.Sequential(*down, nn.ReLU(), nn.Conv2d(inner, codes, 1))
        self.decoder = nn.Sequential(
            nn.Conv2d(codes, inner, 1), nn.Conv2d(inner, inner, 3, padding=1),  # 1 x 1: a vector for each code word
            *up, nn.ReLU(), nn.Conv2d(breadth, channels, 3, padding=1),
        )  # fmt: skip

    def logits(self, x: Tensor) -> Tensor:  # [n c h w] -> [n codes rows columns]
        height, width = self.shape[1:]
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple))
        found: Tensor = self.encoder(2 * x - 1)
        return found

    def painted(self, weights: Tensor) -> Tensor:  # [n codes rows columns], a share of each code word -> [n c h w]
        height, width = self.shape[1:]
        return torch.sigmoid(self.decoder(weights)[:, :, :height, :width])

    def loss(self, x: Tensor, temperature: float, weight: float) -> Tensor:
        """Mean over images of |x - D(z)|^2 / (2 SPREAD^2) + weight KL(q(z|x) || p(z)), in nats."""
        logits = self.logits(x)
        made = self.painted(F.gumbel_softmax(logits, tau=temperature, dim=1))
        error = (made - x).square().flatten(1).sum(1) / (2 * SPREAD**2)
        log_q = logits.log_softmax(dim=1)
        divergence = (log_q.exp() * (log_q + math.log(self.codes))).flatten(1).sum(1)
        mean: Tensor = (error + weight * divergence).mean()
        return mean

    def encode(self, x: Tensor) -> Tensor:  # [n c h w] -> [n rows columns], the likeliest word at each place
        return self.logits(x).argmax(dim=1)

    def decode(self, z: Tensor) -> Tensor:  # [n rows columns] -> [n c h w]
        return self.painted(F.one_hot(z, self.codes).permute(0, 3, 1, 2).float())


def cooled(share: float) -> tuple[float, float]:
    """(temperature, weight of the divergence) after that share of the training: one falls by a cosine, one rises."""
    ramp = 0.5 - 0.5 * math.cos(math.pi * min(1.0, share / 0.8))
    return 1 + ramp * (COLDEST - 1), ramp
