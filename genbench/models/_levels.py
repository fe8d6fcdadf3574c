"""From 256 grey levels to the real line and back, for models whose density is continuous.

A pixel is floor(y) kept within 0..255, so P(x) is the integral of p(y) over [x, x + 1), and the outermost levels
reach to infinity. For any q(y|x) within that reach, log P(x) >= E_q[log p(y) - log q(y|x)] (Theis et al. 2015,
arXiv:1511.01844; Ho et al. 2019, arXiv:1902.00275). Here q is uniform on [x, x + 1), and on the outermost levels half
a normal of TAIL levels: a model then need not pile its density up on the levels where pixels are clipped.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

LAST = 255
TAIL = 64.0  # grey levels; on digits, flow_matching's bound and outputs differ little from 32 to 128
SHIFT = TAIL * math.sqrt(2 / math.pi)  # mean of the half normal
ENTROPY = math.log(TAIL) + 0.5 * math.log(math.pi * math.e / 2)  # nats


def opened(k: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Levels k and standard normal z, both [n c h w] -> a draw y of q(y|k), and log q(y|k) [n] in nats."""
    y = torch.where(
        k == 0, 1 - TAIL * z.abs(), torch.where(k == LAST, LAST + TAIL * z.abs(), k + torch.special.ndtr(z))
    )
    tail = math.log(2 / TAIL) - 0.5 * (z**2 + math.log(2 * math.pi))
    return y, torch.where((k == 0) | (k == LAST), tail, 0.0).double().flatten(1).sum(1)


def logistic(x: Tensor, centre: Tensor, sharpness: Tensor) -> Tensor:
    """log P(x) [n] in nats of 256-level pixels x [n c h w] in [0, 1]: a logistic's mass on each level.

    A level k reaches from k/255 - 1/510 to k/255 + 1/510; the outermost ones reach to infinity, so that the 256 masses
    sum to 1 (Salimans et al. 2017, arXiv:1701.05517). sharpness: one over the logistic's scale.
    """
    upper, lower = (x - centre + 1 / 510) * sharpness, (x - centre - 1 / 510) * sharpness
    below, above = F.logsigmoid(upper), F.logsigmoid(-lower)
    # sigmoid(u) - sigmoid(l) = sigmoid(u) sigmoid(-l) (1 - e^(l - u)), and u - l is sharpness / 255 exactly
    inside = below + above + torch.log(-torch.expm1(-sharpness / 255))
    nats = torch.where(x < 1 / 510, below, torch.where(x > 1 - 1 / 510, above, inside))
    return nats.flatten(1).sum(1)


def moments(
    k: Float[np.ndarray, "n d"],
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n d"], Float[np.ndarray, " n"]]:
    """Means and variances [n d] of q(y|k), and its entropy [n] in nats."""
    ends = (k == 0) | (k == LAST)
    mean = np.where(k == 0, 1 - SHIFT, np.where(k == LAST, LAST + SHIFT, k + 0.5))
    variance = np.where(ends, TAIL**2 * (1 - 2 / math.pi), 1 / 12)
    return mean, variance, ENTROPY * ends.sum(axis=1)
