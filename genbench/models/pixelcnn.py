"""Gated PixelCNN (van den Oord et al. 2016, arXiv:1606.05328): an image as a product of its pixels' conditionals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Training, family
from genbench.models._pixels import (
    Across,
    Leave,
    PixelNet,
    Plan,
    drawn,
    entering,
    framed,
    images,
    learned,
    scored,
    shared_out,
)
from genbench.models._tensors import arrays_of, load_arrays

DROPPED = 0.1  # share of features left out while learning


class Down(nn.Conv2d):
    """Convolution that sees `rows` rows that end at its own, and `side` pixels to either side."""

    def __init__(self, inputs: int, outputs: int, rows: int, side: int) -> None:
        super().__init__(inputs, outputs, (rows, 2 * side + 1))
        self.frame = (side, side, rows - 1, 0)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, self.frame), self.weight, self.bias)


class Layer(nn.Module):
    """One layer of both stacks (figure 2 of the paper), each with its own gate tanh(a) sigmoid(b).

    The vertical stack holds what is above, and hands it to the horizontal one, which holds what is above or to the
    left; nothing goes the other way. Together they see the whole past: no blind spot.
    """

    def __init__(self, features: int, channels: int, reach: int) -> None:
        super().__init__()
        groups = shared_out(features, channels)
        both = torch.cat([groups, groups])
        self.down = Down(features, 2 * features, reach + 1, reach)
        self.hand_over = nn.Conv2d(2 * features, 2 * features, 1)
        self.along, self.out = Across(groups, both, reach), Across(groups, groups, 0)
        self.drop = nn.Dropout(DROPPED)

    def vertical(self, v: Tensor) -> tuple[Tensor, Tensor]:  # [n f h w] -> v [n f h w], what is handed over [n 2f h w]
        a = self.down(v)
        return v + _gated(a), self.hand_over(a)

    def horizontal(self, x: Tensor, known: Tensor) -> Tensor:  # [n f h w], [n 2f h w] -> [n f h w]
        moved: Tensor = self.out(self.drop(_gated(self.along(x) + known)))
        return x + moved


def _gated(x: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


class Net(PixelNet):
    """Both stacks. Each place of the image has a bias of its own at the entrance, so that edges and centre differ."""

    def __init__(self, shape: tuple[int, int, int], features: int, layers: int, reach: int) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        self.enter_above = Down(channels + 1, features, reach, reach)
        self.enter_across = Across(entering(channels), shared_out(features, channels), reach, strict=True)
        self.place = nn.Parameter(torch.zeros(features, height, width))
        self.layers = nn.ModuleList(Layer(features, channels, reach) for _ in range(layers))
        self.leave = Leave(features, channels)

    def above(self, x: Tensor) -> list[Tensor]:
        """Of the rows x [n c r w]: what every layer knows of the row after them, [n 2f 1 w]."""
        return [known[:, :, -1:] for known in self._known(x)]

    def across(self, row: Tensor, known: list[Tensor]) -> Tensor:
        h: Tensor = self.enter_across(framed(row))
        for layer, k in zip(self.layers, known, strict=True):
            h = layer.horizontal(h, k)  # type: ignore[operator]
        logits: Tensor = self.leave(h)
        return logits

    def forward(self, x: Tensor) -> Tensor:  # [n c h w] -> [n c LEVELS h w]
        return self.across(x, self._known(x[:, :, :-1]))

    def _known(self, x: Tensor) -> list[Tensor]:
        """What the rows 0..r know of those above them, [n 2f r+1 w] for each layer, from the first r rows."""
        shifted = F.pad(framed(x), (0, 0, 1, 0))  # row i now holds what row i - 1 did
        v = self.enter_above(shifted) + self.place[:, : shifted.shape[2]]
        known = []
        for layer in self.layers:
            v, k = layer.vertical(v)  # type: ignore[operator]
            known.append(k)
        return known


@family(
    modality="image",
    cites=["van den Oord et al. 2016, arXiv:1606.05328", "van den Oord et al. 2016, arXiv:1601.06759 (masks, softmax)"],
    presets={
        "tiny": {"features": 48, "layers": 4, "reach": 2, "steps": 500, "batch": 32},
        "base": {"features": 120, "layers": 12, "reach": 2, "steps": 60_000, "batch": 64, "rate": 1e-3},
    },
)
class Pixelcnn:
    """Gated PixelCNN with a softmax over 256 levels and ordered channels; trained here.

    log p(x) = sum_i log p(x_i | x_<i), exact, in nats. Sampling draws value after value from the same conditionals,
    one number of chance each, so outputs are draws from the density that is scored. Levels are categories: there is no
    gradient of log p with respect to a pixel's own value, hence none is offered.
    """

    def __init__(
        self, *, features: int = 48, layers: int = 4, reach: int = 2, steps: int = 500, batch: int = 32,
        rate: float = 6e-3,
    ) -> None:  # fmt: skip
        if min(features, layers, reach) < 1:
            raise ModelError(f"pixelcnn: features, layers and reach are at least 1, got {features}, {layers}, {reach}")
        self.features, self.layers, self.reach = features, layers, reach
        self.steps, self.batch, self.rate = steps, batch, rate
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam on nats per dimension; the averaged weights with the best held-out loss are kept."""
        x, held_out = images(data, "train", "pixelcnn"), images(data, "held_out", "pixelcnn", 256)
        torch.manual_seed(derive(training.seed, "pixelcnn"))
        self.net = self._built((x.shape[1], x.shape[2], x.shape[3])).to(self.device)
        return learned(self.net, x, held_out, Plan(self.steps, self.batch, self.rate), training)

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return drawn(self._fitted(), seeds, "pixelcnn")

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        return scored(self._fitted(), items, "pixelcnn")

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._fitted()), {"shape": list(self._fitted().shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.net = self._built((channels, height, width))
        load_arrays(self.net, arrays)
        self.net.to(self.device).eval()

    def _built(self, shape: tuple[int, int, int]) -> Net:
        if self.features < shape[0]:
            raise ModelError(f"pixelcnn: {shape[0]} channels need as many features, got {self.features}")
        return Net(shape, self.features, self.layers, self.reach)

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the pixelcnn first"
        return self.net
