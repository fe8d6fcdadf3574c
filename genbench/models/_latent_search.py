"""The latent whose image comes nearest to a given one: inversion of a generator that has no encoder.

After Webster et al. 2019, arXiv:1901.03396, who recover training and held-out images and compare how near one gets.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from genbench.models._tensors import noise

STEPS, RATE, STARTS = 100, 0.1, 3
SEARCHED = f"latents searched, {STEPS} steps of Adam from each of {STARTS} starts, the nearest kept"


def nearest_latents(generator: Callable[[Tensor], Tensor], x: Tensor, latent: int) -> Tensor:
    """z [n latent] with |G(z) - x|^2 as small as was found for each of the images x [n c h w].

    Every image starts from the same three latents and is searched for by itself: its neighbours in a batch do not
    change what is found, as Adam scales each coordinate alone.
    """
    best, kept = torch.full((len(x),), torch.inf, device=x.device), torch.zeros(len(x), latent, device=x.device)
    for start in range(STARTS):
        z = noise([start], latent, purpose="search").repeat(len(x), 1).to(x.device).requires_grad_(True)
        optimizer = torch.optim.Adam([z], lr=RATE)
        for step in range(STEPS + 1):
            errors = (generator(z) - x).square().flatten(1).mean(1)  # [n]
            nearer = errors.detach() < best
            best = torch.where(nearer, errors.detach(), best)
            kept = torch.where(nearer[:, None], z.detach(), kept)
            if step < STEPS:
                (z.grad,) = torch.autograd.grad(errors.sum(), z)
                optimizer.step()
    return kept
