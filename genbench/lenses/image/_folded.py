"""The FID network arranged for speed: batch norms folded into convolutions, channels last, oneDNN's packed weights.

The same function as `_inception.Inception`, reordered where algebra allows it: convolutions of one input are one
convolution, and a mean pool commutes with the 1 x 1 convolution after it, so it runs on the fewer channels. In fp32 the
features differ from the plain network's by about 4e-7 of their norm; in bf16 by about 4e-3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from genbench.lenses.image._inception import BlockA, BlockB, BlockC, BlockD, BlockE, Conv, Inception, mean_pool

Step: TypeAlias = Callable[[Tensor], Tensor]
CHUNK, STEM = 4, 2  # images at a time: maps of more fall out of a CPU's caches, and the first layers' are the largest
BLOCKS = ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c")


class Folded:
    """[n 3 299 299] scaled as the network wants it -> float32 [n 2048].

    On a CPU every chunk has CHUNK images, the last one filled up, so that an image's features do not depend on its
    batch, to the bit. Elsewhere a batch is one chunk.
    """

    def __init__(self, net: Inception, *, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        self.dtype, self.device = dtype, torch.device(device)
        make = Maker(dtype, self.device)
        self.stem: list[Step] = [
            make.one(net.Conv2d_1a_3x3), make.one(net.Conv2d_2a_3x3), make.one(net.Conv2d_2b_3x3), halve,
            make.one(net.Conv2d_3b_1x1), make.one(net.Conv2d_4a_3x3), halve,
        ]  # fmt: skip
        self.blocks: list[Step] = [make.block(getattr(net, f"Mixed_{name}")) for name in BLOCKS]

    def __call__(self, x: Tensor) -> Tensor:
        if not len(x):
            return torch.zeros(0, 2048)
        # Float32 means float32 on a GPU too, whose convolutions would else round to 10 bits (TF32).
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
            if self.device.type != "cpu":
                return self._chunk(x.to(self.device), len(x))
            filled = F.pad(x, (0, 0, 0, 0, 0, 0, 0, -len(x) % CHUNK)) if len(x) % CHUNK else x
            return torch.cat([self._chunk(part, STEM) for part in torch.split(filled, CHUNK)])[: len(x)]

    def _chunk(self, x: Tensor, stem: int) -> Tensor:
        x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
        maps = torch.cat([_through(self.stem, part) for part in torch.split(x, stem)])
        return _through(self.blocks, maps).float().mean(dim=(2, 3))


class Convolution:
    """Convolutions of one input, with their batch norms, as one: y = relu(w * x + b)."""

    def __init__(self, parts: tuple[Conv, ...], dtype: torch.dtype, device: torch.device, *, rectify: bool) -> None:
        weights, biases = zip(*map(folded, parts), strict=True)
        first = parts[0].conv
        self.stride, self.padding = [int(s) for s in first.stride], [int(p) for p in first.padding]
        self.weight = torch.cat(weights).to(device, dtype).contiguous(memory_format=torch.channels_last)
        self.bias = torch.cat(biases).to(device, dtype)
        self.rectify = rectify
        self.packs = device.type == "cpu" and _onednn()
        self._packed: dict[tuple[int, ...], Any] = {}  # by the input's shape, of which there is one per layer

    def __call__(self, x: Tensor) -> Tensor:
        if not self.packs:
            y = F.conv2d(x, self.weight, self.bias, self.stride, self.padding)
            return y.relu_() if self.rectify else y
        ops, shape = torch.ops.mkldnn, tuple(x.shape)
        if shape not in self._packed:
            self._packed[shape] = ops._reorder_convolution_weight(
                self.weight, self.padding, self.stride, [1, 1], 1, list(shape)
            )
        made: Tensor = ops._convolution_pointwise(
            x, self._packed[shape], self.bias, self.padding, self.stride, [1, 1], 1,
            "relu" if self.rectify else "none", [], "",
        )  # fmt: skip
        return made


class Maker:
    """Makes the steps of one dtype and device out of the plain network's blocks."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype, self.device = dtype, device

    def one(self, *parts: Conv, rectify: bool = True) -> Convolution:
        return Convolution(parts, self.dtype, self.device, rectify=rectify)

    def chain(self, *parts: Conv) -> Step:
        steps = [self.one(part) for part in parts]
        return lambda x: _through(steps, x)

    def block(self, m: Any) -> Step:
        kinds: dict[type, Callable[[Any], Step]] = {
            BlockA: self.block_a, BlockB: self.block_b, BlockC: self.block_c, BlockD: self.block_d, BlockE: self.block_e
        }  # fmt: skip
        return kinds[type(m)](m)

    def block_a(self, m: BlockA) -> Step:
        shared = self.one(m.branch1x1, m.branch5x5_1, m.branch3x3dbl_1)
        five, double = self.chain(m.branch5x5_2), self.chain(m.branch3x3dbl_2, m.branch3x3dbl_3)
        pooled = self.one(m.branch_pool, rectify=False)

        def step(x: Tensor) -> Tensor:
            first, a, b = torch.split(shared(x), [64, 48, 64], dim=1)
            return torch.cat([first, five(a), double(b), mean_pool(pooled(x)).relu_()], 1)

        return step

    def block_b(self, m: BlockB) -> Step:
        three, double = self.one(m.branch3x3), self.chain(m.branch3x3dbl_1, m.branch3x3dbl_2, m.branch3x3dbl_3)
        return lambda x: torch.cat([three(x), double(x), halve(x)], 1)

    def block_c(self, m: BlockC) -> Step:
        c7 = m.branch7x7_1.conv.out_channels
        shared = self.one(m.branch1x1, m.branch7x7_1, m.branch7x7dbl_1)
        seven = self.chain(m.branch7x7_2, m.branch7x7_3)
        double = self.chain(m.branch7x7dbl_2, m.branch7x7dbl_3, m.branch7x7dbl_4, m.branch7x7dbl_5)
        pooled = self.one(m.branch_pool, rectify=False)

        def step(x: Tensor) -> Tensor:
            first, a, b = torch.split(shared(x), [192, c7, c7], dim=1)
            return torch.cat([first, seven(a), double(b), mean_pool(pooled(x)).relu_()], 1)

        return step

    def block_d(self, m: BlockD) -> Step:
        shared, three = self.one(m.branch3x3_1, m.branch7x7x3_1), self.one(m.branch3x3_2)
        seven = self.chain(m.branch7x7x3_2, m.branch7x7x3_3, m.branch7x7x3_4)

        def step(x: Tensor) -> Tensor:
            a, b = torch.split(shared(x), [192, 192], dim=1)
            return torch.cat([three(a), seven(b), halve(x)], 1)

        return step

    def block_e(self, m: BlockE) -> Step:
        shared = self.one(m.branch1x1, m.branch3x3_1, m.branch3x3dbl_1)
        across, along, double = self.one(m.branch3x3_2a), self.one(m.branch3x3_2b), self.one(m.branch3x3dbl_2)
        double_across, double_along = self.one(m.branch3x3dbl_3a), self.one(m.branch3x3dbl_3b)
        pooled = self.one(m.branch_pool, rectify=m.pool_by_maximum)

        def pool(x: Tensor) -> Tensor:
            if m.pool_by_maximum:  # a maximum does not commute with a convolution
                return pooled(F.max_pool2d(x, 3, stride=1, padding=1))
            return mean_pool(pooled(x)).relu_()

        def step(x: Tensor) -> Tensor:
            first, a, b = torch.split(shared(x), [320, 384, 448], dim=1)
            b = double(b)
            return torch.cat([first, across(a), along(a), double_across(b), double_along(b), pool(x)], 1)

        return step


def folded(layer: Conv) -> tuple[Tensor, Tensor]:
    """(weight, bias) of convolution and batch norm as one convolution, computed in float64."""
    bn = layer.bn
    if bn.running_var is None or bn.running_mean is None:
        raise ValueError("a batch norm without running statistics cannot be folded")
    scale = bn.weight.detach().double() / torch.sqrt(bn.running_var.double() + bn.eps)
    weight = layer.conv.weight.detach().double() * scale[:, None, None, None]
    return weight, bn.bias.detach().double() - bn.running_mean.double() * scale


def halve(x: Tensor) -> Tensor:
    """Max pool 3 x 3 by stride 2 as maxima of whole slices: exact, and vectorized over channels in any dtype."""
    h, w = x.shape[2:]
    tall = torch.maximum(x[:, :, 0 : h - 2 : 2], x[:, :, 1 : h - 1 : 2])
    torch.maximum(tall, x[:, :, 2::2], out=tall)
    wide = torch.maximum(tall[..., 0 : w - 2 : 2], tall[..., 1 : w - 1 : 2])
    return torch.maximum(wide, tall[..., 2::2], out=wide)


def _through(steps: list[Any], x: Tensor) -> Tensor:
    for step in steps:
        x = step(x)
    return x


def _onednn() -> bool:
    """Whether this build has oneDNN's convolutions with packed weights; without them the plain ones serve."""
    return bool(
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_reorder_convolution_weight")
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    )
