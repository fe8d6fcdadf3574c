"""What models share that write an image pixel by pixel: masks, exact likelihood, a training, and the drawing.

Order: rows from the top, pixels from the left, channels as they stand. p(x) = prod_i p(x_i | x_<i), each factor a
softmax over the 256 levels (van den Oord et al. 2016, arXiv:1601.06759), so probabilities are exact and sum to one.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training
from genbench.models._tensors import batches, finest, to_tensor

LEVELS = 256
BLOCK = 32  # images that are drawn together, always; another device than the CPU gains from more
WIDER_BLOCK = 256
ROWS = 64  # images that are scored together, at most
PATIENCE = 5  # looks at the held-out items without progress before a training ends


class Across(nn.Conv2d):
    """Convolution along a row that sees `reach` pixels to the left and, of its own pixel, what comes before.

    before [i], after [o]: the channel each input and output speaks of. At its own pixel an output sees inputs of
    earlier channels (`strict`: those alone, as the paper's mask A; else its own channel's too, as mask B).
    """

    def __init__(self, before: Tensor, after: Tensor, reach: int, *, strict: bool = False) -> None:
        super().__init__(len(before), len(after), (1, reach + 1))
        self.reach = reach
        seen = before[None, :] < after[:, None] if strict else before[None, :] <= after[:, None]  # [o i]
        mask = torch.ones_like(self.weight)
        mask[:, :, 0, -1] = seen.float()
        self.mask: Tensor
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:  # [n i h w] -> [n o h w]
        return F.conv2d(F.pad(x, (self.reach, 0)), self.weight * self.mask, self.bias)


def shared_out(features: int, channels: int) -> Tensor:
    """The channel each of the features speaks of: as many for each, in order. [features]"""
    return torch.arange(features) * channels // features


def entering(channels: int) -> Tensor:
    """The channels of an image with its frame: a map of ones, which tells black from beyond the edge, is for all."""
    return torch.cat([torch.arange(channels), torch.tensor([-1])])


def framed(x: Tensor) -> Tensor:  # [n c h w] in [0, 1] -> [n c+1 h w] in [-1, 1]
    return torch.cat([2 * x - 1, torch.ones_like(x[:, :1])], dim=1)


class Leave(nn.Module):
    """Features [n f h w] -> logits [n c LEVELS h w], channel by channel."""

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        groups, levels = shared_out(features, channels), torch.arange(channels).repeat_interleave(LEVELS)
        self.channels = channels
        self.layers = nn.Sequential(nn.ReLU(), Across(groups, groups, 0), nn.ReLU(), Across(groups, levels, 0))

    def start(self, levels: Tensor) -> None:
        """Begins at how often each level occurs in each channel (levels [n c h w]), a count of one added."""
        last, seen = self.layers[-1], levels.transpose(0, 1).flatten(1)  # [c n*h*w]
        counts = torch.stack([torch.bincount(channel, minlength=LEVELS) for channel in seen]) + 1.0
        assert isinstance(last, Across)
        assert last.bias is not None
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.copy_((counts / counts.sum(dim=1, keepdim=True)).log().flatten())

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        logits: Tensor = self.layers(x).view(n, self.channels, LEVELS, h, w)
        return logits


class PixelNet(nn.Module):
    """Image [n c h w] in [0, 1] -> logits [n c LEVELS h w]; in two parts, so that drawing repeats little.

    above(x): what is known of the next row from the rows x [n c r w] over it (r may be 0).
    across(row, known): logits of one row [n c 1 w], of which each sees only what comes before it.
    """

    shape: tuple[int, int, int]
    leave: Leave

    def above(self, x: Tensor) -> Any:
        raise NotImplementedError

    def across(self, row: Tensor, known: Any) -> Tensor:
        raise NotImplementedError


class Plan(NamedTuple):
    """How long, with how many images at once, and with which rate to learn."""

    steps: int
    batch: int
    rate: float


def images(data: Dataset, split: Any, family: str, limit: int | None = None) -> Tensor:
    """[n c h w]; `ModelError` where a split is empty."""
    items = data.take(split, limit)
    if not items:
        raise ModelError(f"{family} needs {split} images, and {data.name!r} has none")
    return to_tensor(items, family)


def learned(net: PixelNet, x: Tensor, held_out: Tensor, plan: Plan, training: Training) -> History:
    """Adam on nats per dimension with averaged weights; `net` ends as the average that was best on held-out images.

    Ends early when PATIENCE looks at these, of 20 in all, have brought nothing.
    """
    device = next(net.parameters()).device
    net.leave.start(whole(x))
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.Adam(net.parameters(), lr=plan.rate)
    best, kept, stale, ticks = float("inf"), copy.deepcopy(net.state_dict()), 0, []
    every = max(1, plan.steps // 20)
    for step, index in enumerate(batches(len(x), plan.batch, plan.steps, training.seed), start=1):
        optimizer.param_groups[0]["lr"] = plan.rate * min(1.0, step / 50, 2.0 * (1 - step / (plan.steps + 1)))
        loss = nats(net, x[index].to(device)).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        _blend(average, net, min(0.99, step / (step + 10)))
        if step % every and step != plan.steps:
            continue
        with torch.no_grad():
            parts = [nats(average, part.to(device)) for part in torch.split(held_out, ROWS)]
        outside = float(torch.cat(parts).mean())
        stale = 0 if outside < best else stale + 1
        if outside < best:
            best, kept = outside, copy.deepcopy(average.state_dict())
        ticks.append(Tick(step, plan.steps, {"train": loss.item(), "held_out": outside}))
        training.tell(ticks[-1])
        if stale >= PATIENCE:
            break
    net.load_state_dict(kept)
    net.eval()
    ended = "all steps done" if stale < PATIENCE else f"held-out loss had not improved {PATIENCE} times"
    return History(tuple(ticks), f"{ended}; the best held-out loss was kept (nats per dimension)")


def nats(net: PixelNet, x: Tensor) -> Tensor:
    """-log p(x) per dimension, [n]."""
    return F.cross_entropy(net(x).transpose(1, 2), whole(x), reduction="none").flatten(1).mean(1)


def whole(x: Tensor) -> Tensor:
    """The level of each value, 0..255."""
    return (x * (LEVELS - 1)).round().long()


def scored(net: PixelNet, items: Sequence[Item], family: str) -> LogProbs:
    """log p of each image in nats, exact (float32 logits, summed in float64)."""
    x, device = to_tensor(items, family, net.shape), next(net.parameters()).device
    parts = []
    with torch.inference_mode():
        for part in torch.split(x.to(device), ROWS):
            chosen = net(part).log_softmax(dim=2).gather(2, whole(part)[:, :, None])  # [n c 1 h w]
            parts.append(chosen.cpu().double().flatten(1).sum(1).numpy())
    dimensions = np.full(len(items), x[0].numel(), dtype=np.int64)
    return LogProbs(np.concatenate(parts), {"dimension": dimensions}, facts={"likelihood": "exact"})


def drawn(net: PixelNet, seeds: Sequence[int], family: str) -> list[np.ndarray]:
    """uint8 images [h w c], one per seed, by blocks of one fixed shape, filled up with idle rows.

    A product of fewer rows may sum in another order, and one bit of difference can turn a draw.
    """
    device = next(net.parameters()).device
    size = BLOCK if device.type == "cpu" else WIDER_BLOCK
    made: list[np.ndarray] = []
    for at in range(0, len(seeds), size):
        made += _block(net, seeds[at : at + size], size, family)
    return made


def _block(net: PixelNet, seeds: Sequence[int], size: int, family: str) -> list[np.ndarray]:
    """All images of the block advance together; each has one number of chance per value, its seed's own."""
    c, h, w = net.shape
    device = next(net.parameters()).device
    chances = np.zeros((size, h, w, c))
    for row, seed in enumerate(seeds):
        chances[row] = stream(seed, family).random((h, w, c))
    x = torch.zeros(size, c, h, w, device=device)
    with torch.inference_mode():
        for i in range(h):
            known = net.above(x[:, :, :i])
            for j in range(w):
                for k in range(c):
                    logits = net.across(x[:, :, i : i + 1], known)[:, k, :, 0, j]  # [n LEVELS]
                    cumulative = finest(logits).softmax(dim=1).cumsum(dim=1)
                    chance = torch.from_numpy(chances[:, i, j, k])[:, None].to(cumulative)
                    level = (cumulative[:, :-1] <= chance * cumulative[:, -1:]).sum(dim=1)  # none lies beyond the last
                    x[:, k, i, j] = level.float() / (LEVELS - 1)
    levels: np.ndarray = whole(x).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return list(np.ascontiguousarray(levels[: len(seeds)]))


def _blend(average: nn.Module, net: nn.Module, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(average.parameters(), net.parameters(), strict=True):
            old.lerp_(new, 1 - keep)
