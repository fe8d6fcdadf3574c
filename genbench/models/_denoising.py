"""What is done with a denoiser D(x; sigma), however it was trained: images are drawn with it, and bits counted.

Noise is added as x + sigma e, images in [-1, 1]. The scale of DDPM (Ho et al. 2020), in which variances sum to 1, is
this one over sqrt(1 + sigma^2); every formula here is theirs, or that of DDIM, in these terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from genbench.models._levels import logistic
from genbench.models._tensors import noise

Denoise: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # images [n c h w] and their sigmas [n] -> images
Objective: TypeAlias = Literal["edm", "ddpm"]
Sampling: TypeAlias = Literal["heun", "ddim", "ancestral"]
SIGMA_MIN, SIGMA_MAX, RHO = 0.01, 40.0, 7.0  # of EDM's sampling
TIMES, FIRST, LAST = 1000, 1e-4, 0.02  # DDPM: how many steps of noise, and the variance added by the first and the last
SCALES = tuple(10 ** (power / 10 - 4) for power in range(31))  # that `decoder_scale` tries, of images in [0, 1]


def of_ddpm() -> Tensor:
    """float64 [TIMES]: sigma after each step, sqrt(1/a - 1) with a = prod (1 - beta), beta linear; 0.01 to 157."""
    kept = (1 - torch.linspace(FIRST, LAST, TIMES, dtype=torch.float64)).cumprod(0)
    return (1 / kept - 1).sqrt()


def ladder(objective: Objective, steps: int) -> Tensor:
    """[steps + 1]: the noise levels a sampler goes down, the last one 0.

    EDM's are even in sigma^(1/7), DDPM's so many of its steps at even distances (all of them at 1,000).
    """
    if objective == "ddpm":
        down = of_ddpm().flip(0)[torch.linspace(0, TIMES - 1, steps).round().long()].float()
    else:
        ramp = torch.linspace(0, 1, steps)
        down = (SIGMA_MAX ** (1 / RHO) + ramp * (SIGMA_MIN ** (1 / RHO) - SIGMA_MAX ** (1 / RHO))) ** RHO
    return torch.cat([down, torch.zeros(1)])


def heun(denoise: Denoise, x: Tensor, sigmas: Tensor) -> Tensor:
    """The probability flow dx/dsigma = (x - D(x; sigma)) / sigma to second order: EDM algorithm 1 without churn."""
    for now, then in pairwise(sigmas):
        slope = (x - denoise(x, now.expand(len(x)))) / now
        ahead = x + (then - now) * slope
        if then > 0:
            slope_ahead = (ahead - denoise(ahead, then.expand(len(x)))) / then
            ahead = x + (then - now) * (slope + slope_ahead) / 2
        x = ahead
    return x


def ddim(denoise: Denoise, x: Tensor, sigmas: Tensor) -> Tensor:
    """x' = D + (sigma' / sigma)(x - D), without fresh noise (Song et al. 2020, arXiv:2010.02502, eq. 12, eta = 0)."""
    for now, then in pairwise(sigmas):
        clean = denoise(x, now.expand(len(x)))
        x = clean + then / now * (x - clean)
    return x


def ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, fresh: Tensor) -> Tensor:
    """Each step draws from q(x' | x, D), with the variance of the posterior (DDPM algorithm 2, eq. 6 and 7).

    That is N(D + (s/t)^2 (x - D), s^2 (t^2 - s^2) / t^2) from sigma t to s. fresh: its noise [n steps-1 c h w].
    """
    for step, (now, then) in enumerate(pairwise(sigmas)):
        clean = denoise(x, now.expand(len(x)))
        x = clean + (then / now) ** 2 * (x - clean)
        if then > 0:
            x = x + then / now * (now**2 - then**2).sqrt() * fresh[:, step]
    return x


def ends(objective: Objective) -> tuple[float, float]:
    """The finest and the strongest noise."""
    return (of_ddpm()[0].item(), of_ddpm()[-1].item()) if objective == "ddpm" else (SIGMA_MIN, SIGMA_MAX)


@dataclass(frozen=True)
class Bound:
    """How bits are counted, at `terms` levels of noise. scale: of the logistic that tells grey levels."""

    objective: Objective
    terms: int
    scale: float


def bound(denoise: Denoise, x: Tensor, seeds: Sequence[int], how: Bound) -> Tensor:
    """A lower bound on log P(x), nats [n], of images x [n c h w] of 256 levels; each item's chance is its seed's own.

    The variational bound of the reverse process with endless steps (Kingma et al. 2021, arXiv:2107.00630, eq. 11, 14):
    log P(x) >= E log p(x | z_0) - int E |x - D(x + sigma e; sigma)|^2 / sigma^2 dln sigma - |x|^2 / (2 sigma_max^2),
    z_0 with the finest noise, and p(x | z_0) a logistic about D(z_0), of one scale for all pixels (DDPM, section 3.3,
    has a normal there). Estimated without bias at `terms` levels of noise, one at random in each of as many equal parts
    of ln sigma.
    """
    (finest, most), terms = ends(how.objective), how.terms
    span = math.log(most / finest)
    nats = -_total(x.square()) / (2 * most**2) + _told(denoise, x, seeds, finest, [how.scale])[0]
    placed = torch.special.ndtr(noise(seeds, terms, purpose="level").double())  # [n terms], uniform
    for term in range(terms):
        sigma = (finest * torch.exp(span * (term + placed[:, term]) / terms)).float().to(x)
        s = sigma[:, None, None, None]
        e = noise(seeds, *x.shape[1:], purpose=("bound", term)).to(x)
        nats = nats - span / terms * _total(((x - denoise(x + s * e, sigma)) / s).square())
    return nats


def decoder_scale(denoise: Denoise, x: Tensor, objective: Objective) -> float:
    """The scale of the logistic about D(z_0) under which images x [n c h w] are likeliest."""
    told = _told(denoise, x, range(len(x)), ends(objective)[0], SCALES)
    return max(zip(SCALES, told, strict=True), key=lambda one: one[1].sum().item())[0]


def _told(denoise: Denoise, x: Tensor, seeds: Sequence[int], sigma: float, scales: Sequence[float]) -> list[Tensor]:
    """log p(x | z_0) [n] for each scale, z_0 = x + sigma e."""
    e = noise(seeds, *x.shape[1:], purpose="finest").to(x)
    centre = denoise(x + sigma * e, x.new_full((len(x),), sigma))
    one, other = (x + 1) / 2, (centre + 1) / 2
    return [logistic(one, other, x.new_tensor(1 / scale)).cpu().double() for scale in scales]


def _total(x: Tensor) -> Tensor:
    """float64 [n], on the CPU."""
    return x.flatten(1).sum(1).cpu().double()
