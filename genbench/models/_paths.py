"""The way from one latent to another, and networks that follow it exactly enough for steps of 1e-4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.models._tensors import noise

Net = TypeVar("Net", bound=nn.Module)


def arc(starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], *shape: int) -> Tensor:
    """float64 [n *shape]: points of the arcs between the latents of these seeds, at `places` in [0, 1] of each.

    The direction goes round at a steady pace (slerp, arXiv:1812.04948 appendix C), the length changes evenly from one
    end's to the other's, so that all of the way is as normal draws are. A generator that normalizes z sees the
    published way.
    """
    one, other = (noise(seeds, *shape).double().flatten(1) for seeds in (starts, ends))
    t = torch.from_numpy(np.asarray(places, np.float64))[:, None]
    long, wide = one.norm(dim=1, keepdim=True), other.norm(dim=1, keepdim=True)
    a, b = one / long, other / wide
    cosine = (a * b).sum(dim=1, keepdim=True).clamp(-1, 1)
    across = b - cosine * a
    across = across / across.norm(dim=1, keepdim=True).clamp_min(1e-300)  # the ends of a way of no length are one
    angle = t * torch.arccos(cosine)
    way: Tensor = ((1 - t) * long + t * wide) * (a * torch.cos(angle) + across * torch.sin(angle))
    return way.view(len(way), *shape)


@contextmanager
def doubled(net: Net) -> Iterator[Net]:
    """The network in float64 for as long as that lasts; back in float32 its weights are what they were, to the bit.

    In float32 a step of 1e-4 moves an image by a thousand roundings of its pixels, and smooth ways by fewer. Where a
    device has no float64 (Apple's) the network stays as it is, and what rounding does is measured with the speeds.
    """
    if next(net.parameters()).device.type == "mps":
        yield net
        return
    try:
        yield net.double()
    finally:
        net.float()


def exact(x: Tensor) -> Float[np.ndarray, "n c h w"]:
    """Images as float64 arrays, neither rounded nor clipped."""
    made: np.ndarray = x.detach().cpu().double().numpy()
    return made
