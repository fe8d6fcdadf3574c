"""Averaged weights: what a noisy optimizer circles around is a better model than where it stands."""

from __future__ import annotations

import torch
from torch import nn


def blend(average: nn.Module, latest: nn.Module, step: int) -> None:
    """One step of an exponential moving average of the weights, shorter at first: keeps min(0.995, step/(step+10))."""
    with torch.no_grad():
        for weight, new in zip(average.parameters(), latest.parameters(), strict=True):
            weight.lerp_(new, 1 - min(0.995, step / (step + 10)))
