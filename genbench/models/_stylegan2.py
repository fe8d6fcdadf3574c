"""The generator of StyleGAN2 (Karras et al. 2020, arXiv:1912.04958, figure 2 and section 4), trained here or loaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from genbench.models._paths import arc, doubled, exact
from genbench.models._tensors import noise

Ways: TypeAlias = tuple[Sequence[int], Sequence[int], Float[np.ndarray, " n"]]  # seeds of both ends; places between

EPSILON = 1e-8
BLUR = (1.0, 3.0, 3.0, 1.0)  # the low-pass filter of every resampling (section B, as in StyleGAN)


@dataclass(frozen=True)
class Plan:
    """Sizes of a generator. shape: (c, h, w) of its images; planes: channels at each resolution, coarsest first.

    latent, style: dimensions of z and w; depth: layers of the mapping; classes: 0 where it has none.
    multiplier: learning rate of the mapping, as a share; clamp: bound of activations, where it was trained with one.
    """

    shape: tuple[int, int, int]
    planes: tuple[int, ...]
    latent: int
    style: int
    depth: int
    classes: int = 0
    multiplier: float = 0.01
    clamp: float | None = None

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the learned constant: the image's, halved once per doubling, rounded up."""
        coarse = 2 ** (len(self.planes) - 1)
        return -(-self.shape[1] // coarse), -(-self.shape[2] // coarse)

    @property
    def layers(self) -> int:
        """How many style vectors an image takes: one per convolution, and one for the last read-out."""
        return 2 * len(self.planes)


def blur_kernel(gain: float) -> Tensor:
    """[1 1 4 4] summing to `gain`."""
    line = torch.tensor(BLUR) / sum(BLUR)
    return (gain * torch.outer(line, line))[None, None]


def lrelu(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the second moment of a normal input."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def normalized(x: Tensor) -> Tensor:
    """Rows [n d] of root mean square 1."""
    unit: Tensor = x * (x.square().mean(dim=1, keepdim=True) + EPSILON).rsqrt()
    return unit


class Dense(nn.Module):
    """Equalized learning rate: weights drawn from N(0, 1/m^2), used times m / sqrt(fan-in) (arXiv:1710.10196, 4.1)."""

    def __init__(self, inputs: int, outputs: int, *, bias: float = 0.0, multiplier: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias / multiplier))
        self.multiplier, self.gain = multiplier, multiplier / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.gain, self.bias * self.multiplier)


class Mapping(nn.Module):
    """z [n latent], labels [n] -> w [n style]; `average` tracks the mean of w, for truncation."""

    average: Tensor

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.classes = plan.classes
        self.embed = Dense(plan.classes, plan.style) if plan.classes else None
        first = plan.latent + (plan.style if plan.classes else 0)
        sizes = [first, *[plan.style] * plan.depth]
        self.layers = nn.ModuleList(Dense(a, b, multiplier=plan.multiplier) for a, b in pairwise(sizes))
        self.register_buffer("average", torch.zeros(plan.style))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        w = normalized(z)
        if self.embed is not None:
            assert labels is not None, "a generator of classes wants labels"
            said = self.embed(F.one_hot(labels, self.classes).to(z.dtype))  # [n classes] -> [n style]
            w = torch.cat([w, normalized(said)], dim=1)
        for layer in self.layers:
            w = lrelu(layer(w))
        return w


class Modulated(nn.Module):
    """x [n i h w], w [n style] -> [n o h w] or, doubling, [n o 2h 2w]: a convolution whose weights a style scales.

    w' = s_i w_oik, w'' = w' / sqrt(sum_ik w'^2 + eps) (equations 1 and 3). Scaling x by s before one convolution that
    all items share, and its outputs by the norm after it, is the same, and is twice as fast on a CPU.
    """

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, style: int, *, read_out: bool, doubles: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.style = Dense(style, inputs, bias=1.0)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.read_out, self.doubles, self.padding = read_out, doubles, size // 2
        self.gain = 1 / math.sqrt(inputs * size * size)
        self.register_buffer("kernel", blur_kernel(4.0), persistent=False)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        s, weight = self.style(w), self.weight * self.gain  # s [n i]
        x = x * s[:, :, None, None]
        if self.doubles:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # [n o 2h+1 2w+1]
            x = F.conv2d(x, self.kernel.expand(x.shape[1], 1, 4, 4), padding=1, groups=x.shape[1])  # [n o 2h 2w]
        else:
            x = F.conv2d(x, weight, padding=self.padding)
        if self.read_out:  # no demodulation where features become colours
            return x + self.bias[:, None, None]
        norm = (s.square() @ weight.square().sum(dim=(2, 3)).T + EPSILON).rsqrt()  # [n o]
        demodulated: Tensor = x * norm[:, :, None, None]
        return demodulated


class Layer(nn.Module):
    """A modulated convolution, noise [n 1 h w] at a learned strength, bias and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, style: int, *, doubles: bool, clamp: float | None) -> None:
        super().__init__()
        self.convolution = Modulated(inputs, outputs, 3, style, read_out=False, doubles=doubles)
        self.strength = nn.Parameter(torch.zeros(()))
        self.clamp = clamp

    def forward(self, x: Tensor, w: Tensor, chance: Tensor) -> Tensor:
        x = lrelu(self.convolution(x, w) + self.strength * chance + self.convolution.bias[:, None, None])
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class Generator(nn.Module):
    """w [n layers style], noise -> x [n c h w], meant to lie in [-1, 1]: a learned constant, doubled with skips.

    Each resolution adds its own read-out to the enlarged image of the one before (figure 7b).
    """

    kernel: Tensor

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.mapping = Mapping(plan)
        first, style, clamp = plan.planes[0], plan.style, plan.clamp
        self.constant = nn.Parameter(torch.randn(first, *plan.grid))
        self.convolutions = nn.ModuleList([Layer(first, first, style, doubles=False, clamp=clamp)])
        for coarse, fine in pairwise(plan.planes):
            self.convolutions.append(Layer(coarse, fine, style, doubles=True, clamp=clamp))
            self.convolutions.append(Layer(fine, fine, style, doubles=False, clamp=clamp))
        self.read_outs = nn.ModuleList(
            Modulated(planes, plan.shape[0], 1, style, read_out=True, doubles=False) for planes in plan.planes
        )
        self.register_buffer("kernel", blur_kernel(4.0), persistent=False)

    def forward(self, w: Tensor, chance: Sequence[Tensor]) -> Tensor:
        channels, height, width = self.plan.shape
        x = self.constant.expand(len(w), -1, -1, -1)  # [c h w] -> [n c h w]
        image: Tensor | None = None
        for i, read_out in enumerate(self.read_outs):
            for k in (0,) if i == 0 else (2 * i - 1, 2 * i):
                x = self.convolutions[k](x, w[:, k], chance[k])
            shown = read_out(x, w[:, 2 * i + 1])
            if self.plan.clamp is not None:
                shown = shown.clamp(-self.plan.clamp, self.plan.clamp)
            if image is not None:  # [n c h w] -> [n c 2h 2w], blurred
                kernel = self.kernel.expand(channels, 1, 4, 4)
                shown = shown + F.conv_transpose2d(image, kernel, stride=2, padding=1, groups=channels)
            image = shown
        assert image is not None
        cut: Tensor = image[:, :, :height, :width]
        return cut

    def sides(self) -> list[tuple[int, int]]:
        """(height, width) of the noise of each convolution, coarsest first."""
        height, width = self.plan.grid
        scales = [2 ** ((k + 1) // 2) for k in range(len(self.convolutions))]
        return [(height * scale, width * scale) for scale in scales]

    def styled(self, z: Tensor, labels: Tensor | None, psi: float) -> Tensor:
        """z [n latent] -> w [n layers style], drawn towards the average: w_avg + psi (w - w_avg) (StyleGAN, app. B)."""
        w = self.mapping(z, labels)
        if psi != 1.0:
            w = self.mapping.average.lerp(w, psi)
        spread: Tensor = w[:, None].expand(-1, self.plan.layers, -1)
        return spread

    @torch.inference_mode()
    def drawn(self, z: Tensor, seeds: Sequence[int], psi: float, labels: Tensor | None = None) -> Tensor:
        """Images [n c h w] in [0, 1] of z [n latent]; the noise of item i is of seeds[i] alone."""
        place = self.constant.device
        chance = [noise(seeds, 1, *side, purpose=f"noise {k}").to(place) for k, side in enumerate(self.sides())]
        labels = None if labels is None else labels.to(place)
        images: Tensor = (self(self.styled(z.to(place), labels, psi), chance) + 1) / 2
        return images

    def between(self, ways: Ways, space: str, psi: float, labels: Tensor | None = None) -> Float[np.ndarray, "n c h w"]:
        """Images in [0, 1], unrounded, on the ways between two z, or the two w that are made of these.

        Truncation moves w before the way is gone, the noise is that of the way's start, and so is its label.
        """
        starts, ends, places = ways
        place = self.constant.device
        with doubled(self) as net, torch.inference_mode():
            kind = net.constant.dtype

            def styles(at: Float[np.ndarray, " n"]) -> Tensor:
                z = arc(starts, ends, at, self.plan.latent).to(place, kind)
                return net.styled(z, None if labels is None else labels.to(place), psi)

            if space == "w":
                t = torch.from_numpy(places).to(place, kind)[:, None, None]
                w = styles(np.zeros(len(places))).lerp(styles(np.ones(len(places))), t)
            else:
                w = styles(places)
            chance = [
                noise(starts, 1, *side, purpose=f"noise {k}").to(place, kind) for k, side in enumerate(self.sides())
            ]
            return exact((net(w, chance) + 1) / 2)
