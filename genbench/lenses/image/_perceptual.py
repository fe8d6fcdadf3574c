"""The feature maps that LPIPS compares: VGG-16's or AlexNet's, of unit length at every place and weighted by channel.

Weights are two published state dicts: torchvision's of the network (`features.N.weight`, `features.N.bias`; its
classifier is not used) and lpips' of the heads (`lin0.model.1.weight` to `lin4...`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch.nn.functional as F
from torch import Tensor

from genbench.core.errors import LensError

State: TypeAlias = Mapping[str, Tensor]

# Each block: the side of the max pool before it (0: none), by a stride of 2, and the places of its convolutions in
# torchvision's `features`. The map after the last convolution's ReLU is compared.
VGG = ((0, (0, 2)), (2, (5, 7)), (2, (10, 12, 14)), (2, (17, 19, 21)), (2, (24, 26, 28)))
ALEXNET = ((0, (0,)), (3, (3,)), (3, (6,)), (0, (8,)), (0, (10,)))
KERNELS = {3: ("VGG-16", VGG), 11: ("AlexNet", ALEXNET)}  # by the side of the first convolution
# Of the scaling layer in front, for values in [-1, 1].
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
TINY = 1e-10  # added to a length before it divides, as published


@dataclass(frozen=True)
class Perceptual:
    """A network with its heads. blocks: VGG or ALEXNET. convolutions: (weight, bias) by place. heads: [c] a block."""

    name: str
    blocks: tuple[tuple[int, tuple[int, ...]], ...]
    convolutions: Mapping[int, tuple[Tensor, Tensor]]
    heads: tuple[Tensor, ...]

    def to(self, device: str) -> Perceptual:
        """The same in single precision, on a device."""
        moved = {place: (w.to(device).float(), b.to(device).float()) for place, (w, b) in self.convolutions.items()}
        return Perceptual(self.name, self.blocks, moved, tuple(head.to(device).float() for head in self.heads))

    def maps(self, x: Tensor) -> list[Tensor]:
        """[n 3 h w] in 0..255 -> [n c*h*w] of each block, whose squared distances add up to LPIPS.

        sqrt(w_c / (h w)) y_c / |y|, y the channels at one place and w the heads' weights.
        """
        shift, scale = (x.new_tensor(of)[None, :, None, None] for of in (SHIFT, SCALE))
        y = (x / 127.5 - 1 - shift) / scale
        found = []
        for (pool, places), head in zip(self.blocks, self.heads, strict=True):
            if pool:
                y = F.max_pool2d(y, pool, 2)
            for place in places:
                weight, bias = self.convolutions[place]
                first = weight.shape[2] == 11  # AlexNet's first convolution
                y = F.conv2d(y, weight, bias, 4 if first else 1, 2 if first else weight.shape[2] // 2).relu()
            unit = y / (y.square().sum(dim=1, keepdim=True).sqrt() + TINY)
            weighted = unit * (head / (y.shape[2] * y.shape[3])).sqrt()[None, :, None, None]
            found.append(weighted.flatten(1))
        return found


def perceptual(network: State, heads: State) -> Perceptual:
    """The network of two published state dicts. `LensError` says what in them is not as it should be."""
    first = network.get("features.0.weight")
    if first is None or first.ndim != 4 or int(first.shape[2]) not in KERNELS:
        raise LensError(
            "not torchvision's state dict of VGG-16 or AlexNet: features.0.weight is "
            + ("missing" if first is None else " x ".join(map(str, first.shape)))
            + f"; it holds {', '.join(sorted(network)[:4])}"
        )
    name, blocks = KERNELS[int(first.shape[2])]
    wanted = [place for _, places in blocks for place in places]
    held = sorted(int(m[1]) for key in network if (m := re.fullmatch(r"features\.(\d+)\.weight", key)))
    if held != wanted or any(f"features.{place}.bias" not in network for place in wanted):
        raise LensError(f"{name} has convolutions at {wanted} of its features, each with a bias; these are at {held}")
    convolutions = {place: (network[f"features.{place}.weight"], network[f"features.{place}.bias"]) for place in wanted}
    widths = [int(convolutions[places[-1]][0].shape[0]) for _, places in blocks]
    found = []
    for i, width in enumerate(widths):
        head = heads.get(f"lin{i}.model.1.weight")
        if head is None or tuple(head.shape) != (1, width, 1, 1):
            got = "none" if head is None else " x ".join(map(str, head.shape))
            raise LensError(f"heads of {name} have lin{i}.model.1.weight of 1 x {width} x 1 x 1, got {got}")
        if not bool((head >= 0).all()):  # NaN is none either
            raise LensError(f"lin{i}.model.1.weight holds values below 0 or NaN, with which there is no distance")
        found.append(head.reshape(-1))
    return Perceptual(name, blocks, convolutions, tuple(found))
