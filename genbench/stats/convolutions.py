"""A small network of convolutions that learns to tell two kinds of arrays: the `judge` of a detector of raw items.

torch is imported with this file, so whoever uses it imports it where a network is fitted.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from genbench.core.chance import stream

WIDTH, BATCH, RATE, DECAY = 16, 32, 2e-3, 1e-2
FARTHEST = 10.0  # standard deviations, so that one place where hardly any item varies does not drown all others
JUDGED = 64  # rows at a time: what the network makes of them is many times as large


def network(channels: int) -> nn.Sequential:
    """[n 2c h w] -> one logit [n 1]: three convolutions with batch norms, and a mean over each quarter of the places.

    The quarters keep where something is as well as what; none of it depends on the height and width.
    """
    a, b = WIDTH, 2 * WIDTH
    return nn.Sequential(
        nn.Conv2d(2 * channels, a, 3, padding=1), nn.BatchNorm2d(a), nn.ReLU(),
        nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU(),
        nn.Conv2d(b, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * b, 1),
    )  # fmt: skip


class Convolutions:
    """P(kind 1) of items [c h w] that come as rows [n c*h*w]; fitted and asked as scikit-learn's classifiers are.

    An item is seen twice, as 2c channels: by the mean and spread of all numbers together, which keeps its look, and
    each number by those of its own place. Without the second, what is faint beside the whole is hardly learned: of a
    diffusion model's 8 x 8 digits it took the AUC from 0.60 to 0.84, at 250 a side. AdamW on cross-entropy, the rate
    falling to 0. Same rows and seed, same network, on one machine.
    """

    def __init__(self, shape: tuple[int, int, int], *, steps: int, seed: int) -> None:
        self.shape, self.steps, self.seed = shape, steps, seed
        self.centre, self.spread = 0.0, 1.0
        self.centres = self.spreads = np.zeros(0)
        self.net = nn.Sequential()

    def fit(self, x: Float[np.ndarray, "n d"], y: Int[np.ndarray, " n"]) -> Convolutions:
        """Learns rows [n d] of kinds y, 0 or 1. They may be float32: what is made of them in float64 is a batch."""
        self.centres, own = _moments(x)
        self.centre = float(self.centres.mean())
        # The variance of all numbers together is the mean of the places' own and the variance of their means.
        self.spread = float(np.sqrt(np.mean(own**2 + (self.centres - self.centre) ** 2))) or 1.0
        self.spreads = np.where(own > 0, own, self.spread)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.net = network(self.shape[0])
        kinds = torch.from_numpy(y.astype(np.float32))
        optimizer = torch.optim.AdamW(self.net.parameters(), lr=RATE, weight_decay=DECAY)
        rng = stream(self.seed, "rows")
        self.net.train()
        for step in range(self.steps):
            optimizer.param_groups[0]["lr"] = RATE * (1 - step / self.steps)
            batch = rng.integers(0, len(x), size=min(BATCH, len(x)))
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(self.net(self._seen(x[batch]))[:, 0], kinds[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        self.net.eval()
        return self

    def predict_proba(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        """P(kind 0) and P(kind 1) of each row [n d]."""
        with torch.inference_mode():
            parts = [x[start : start + JUDGED] for start in range(0, len(x), JUDGED)]
            logits = torch.cat([self.net(self._seen(part))[:, 0] for part in parts]).double()
            return torch.stack([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1).numpy()

    def _seen(self, x: Float[np.ndarray, "n d"]) -> Tensor:
        """[n d] -> float32 [n 2c h w]."""
        rows = x.astype(np.float64)
        whole = (rows - self.centre) / self.spread
        own = np.clip((rows - self.centres) / self.spreads, -FARTHEST, FARTHEST)
        both = np.stack([whole, own], axis=1).astype(np.float32)  # [n 2 d]
        channels, height, width = self.shape
        return torch.from_numpy(both).view(len(x), 2 * channels, height, width)


def _moments(x: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """Mean and standard deviation of each place, in float64 of a few rows at a time."""
    centres = x.mean(axis=0, dtype=np.float64)
    squares = sum(np.square(x[i : i + JUDGED] - centres).sum(axis=0) for i in range(0, len(x), JUDGED))
    return centres, np.sqrt(squares / len(x))
