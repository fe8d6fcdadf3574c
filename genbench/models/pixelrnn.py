"""PixelRNN with row LSTMs (van den Oord et al. 2016, arXiv:1601.06759): a memory that goes down the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

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

Memory: TypeAlias = tuple[Tensor, Tensor]  # hidden and cell state of one row, each [n f 1 w]
DROPPED = 0.5  # share of features left out while learning, as in PixelCNN++ (arXiv:1701.05517, section 2.6)


class Known(NamedTuple):
    """What rows begin with: every layer's states after the row above them, and what enters from above [n f r w]."""

    states: list[Memory]
    entering: Tensor


class RowLstm(nn.Module):
    """A row's state from the row above and the row's own past (section 3.1 of the paper), added to the stream.

    [o f i g] = K_ss * h_above + K_is * x; c = sigma(f) c_above + sigma(i) tanh(g); h = sigma(o) tanh(c). K_ss sees
    `reach` pixels to either side in the row above, K_is as many to the left and what comes before in its own pixel.
    What is seen of the rows above is thus a triangle, `reach` pixels wider with each; what lies beyond it is missed.
    """

    def __init__(self, features: int, channels: int, reach: int) -> None:
        super().__init__()
        groups = shared_out(features, channels)
        self.from_input = Across(groups, groups.repeat(4), reach)
        self.from_state = nn.Conv2d(features, 4 * features, (1, 2 * reach + 1), padding=(0, reach), bias=False)
        self.out = Across(groups, groups, 0)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, x: Tensor, memory: Memory) -> tuple[Tensor, Memory]:  # x [n f r w]
        h, c = memory
        rows = []
        for inward in self.from_input(x).split(1, dim=2):  # [n 4f 1 w], from the top
            o, f, i, g = (inward + self.from_state(h)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            rows.append(h)
        moved: Tensor = self.out(self.drop(torch.cat(rows, dim=2)))
        return x + moved, (h, c)


class Net(PixelNet):
    """Row LSTMs one upon another. What stands above the first row, and a bias of each place, are learned.

    A state knows all of its row's past but its own pixel, so the last pixel of a row would reach no later one, and the
    one above to the right hardly any. The paper's network leaves that; here a row also reads the one above itself.
    """

    def __init__(self, shape: tuple[int, int, int], features: int, layers: int, reach: int) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        self.enter = Across(entering(channels), shared_out(features, channels), reach, strict=True)
        self.enter_above = nn.Conv2d(channels + 1, features, (1, 2 * reach + 1), padding=(0, reach))
        self.place = nn.Parameter(torch.zeros(features, height, width))
        self.first = nn.Parameter(torch.zeros(layers, 2, features, 1, width))
        self.layers = nn.ModuleList(RowLstm(features, channels, reach) for _ in range(layers))
        self.leave = Leave(features, channels)

    def above(self, x: Tensor) -> Known:
        """What the row after the rows x [n c r w] begins with."""
        begun, states = self._begun(x), self._first(len(x))
        if x.shape[2]:
            _, states = self._read(x, Known(states, begun[:, :, :-1]))
        return Known(states, begun[:, :, -1:])

    def across(self, row: Tensor, known: Known) -> Tensor:
        logits: Tensor = self.leave(self._read(row, known)[0])
        return logits

    def forward(self, x: Tensor) -> Tensor:  # [n c h w] -> [n c LEVELS h w]
        return self.across(x, Known(self._first(len(x)), self._begun(x[:, :, :-1])))

    def _first(self, n: int) -> list[Memory]:
        return [(h.expand(n, -1, -1, -1), c.expand(n, -1, -1, -1)) for h, c in self.first]

    def _begun(self, x: Tensor) -> Tensor:
        """What enters the rows 0..r from the row above each, and their places' biases: [n f r+1 w] from r rows."""
        shifted = F.pad(framed(x), (0, 0, 1, 0))  # row i now holds what row i - 1 did
        return self.enter_above(shifted) + self.place[:, : shifted.shape[2]]  # type: ignore[no-any-return]

    def _read(self, x: Tensor, known: Known) -> tuple[Tensor, list[Memory]]:  # x [n c r w] -> [n f r w], later states
        y, after = self.enter(framed(x)) + known.entering, []
        for layer, memory in zip(self.layers, known.states, strict=True):
            y, memory = layer(y, memory)
            after.append(memory)
        return y, after


@family(
    modality="image",
    cites=["van den Oord et al. 2016, arXiv:1601.06759"],
    presets={
        "tiny": {"features": 48, "layers": 2, "reach": 2, "steps": 600, "batch": 32},
        "base": {"features": 120, "layers": 7, "reach": 2, "steps": 60_000, "batch": 64, "rate": 1e-3},
    },
)
class Pixelrnn:
    """PixelRNN of row LSTMs with a softmax over 256 levels and ordered channels; trained here.

    log p(x) = sum_i log p(x_i | x_<i), exact, in nats. Sampling draws value after value from the same conditionals,
    one number of chance each, so outputs are draws from the density that is scored. Levels are categories: there is no
    gradient of log p with respect to a pixel's own value, hence none is offered.
    """

    def __init__(
        self, *, features: int = 48, layers: int = 2, reach: int = 2, steps: int = 600, batch: int = 32,
        rate: float = 8e-3,
    ) -> None:  # fmt: skip
        if min(features, layers, reach) < 1:
            raise ModelError(f"pixelrnn: features, layers and reach are at least 1, got {features}, {layers}, {reach}")
        self.features, self.layers, self.reach = features, layers, reach
        self.steps, self.batch, self.rate = steps, batch, rate
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam on nats per dimension; the averaged weights with the best held-out loss are kept."""
        x, held_out = images(data, "train", "pixelrnn"), images(data, "held_out", "pixelrnn", 256)
        torch.manual_seed(derive(training.seed, "pixelrnn"))
        self.net = self._built((x.shape[1], x.shape[2], x.shape[3])).to(self.device)
        return learned(self.net, x, held_out, Plan(self.steps, self.batch, self.rate), training)

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return drawn(self._fitted(), seeds, "pixelrnn")

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        return scored(self._fitted(), items, "pixelrnn")

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
            raise ModelError(f"pixelrnn: {shape[0]} channels need as many features, got {self.features}")
        return Net(shape, self.features, self.layers, self.reach)

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the pixelrnn first"
        return self.net
