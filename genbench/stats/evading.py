"""A fitted network of convolutions as something to attack: how surely it calls items real, and which way is up.

torch is imported with this file, so whoever uses it imports it where a network is fitted.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from genbench.stats.convolutions import FARTHEST, JUDGED, Convolutions


class Evading:
    """`Differentiable`: the loss of an item x [c h w] is minus the network's logit that it was made.

    The logit and not its probability: where the network is all but sure, that has no slope left to follow. And where
    the network clips what hardly varies, the slope goes on as if it did not (Athalye et al. 2018, arXiv:1802.00420): a
    corner that is black in all real items would else stop every attack, and look like a strong detector.
    """

    def __init__(self, network: Convolutions) -> None:
        self.network = network

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """Losses [n] of items [n c h w], and the slope of each in its own item."""
        losses, slopes = [], []
        for start in range(0, len(x), JUDGED):
            inputs = torch.from_numpy(np.asarray(x[start : start + JUDGED], np.float64)).requires_grad_(True)
            loss = -self.network.net(self._seen(inputs))[:, 0]
            (slope,) = torch.autograd.grad(loss.sum(), inputs)
            losses.append(loss.detach().double().numpy())
            slopes.append(slope.numpy())
        return np.concatenate(losses), np.concatenate(slopes)

    def _seen(self, x: Tensor) -> Tensor:
        """[n c h w] -> float32 [n 2c h w], as `Convolutions` sees rows."""
        n, c, h, w = x.shape
        rows, known = x.reshape(n, -1), self.network
        centres, spreads = torch.from_numpy(known.centres).double(), torch.from_numpy(known.spreads).double()
        own = (rows - centres) / spreads
        own = own + (own.clamp(-FARTHEST, FARTHEST) - own).detach()
        both = torch.stack([(rows - known.centre) / known.spread, own], dim=1)  # [n 2 d]
        return both.float().view(n, 2 * c, h, w)
