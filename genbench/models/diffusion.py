"""Diffusion in the design space of Karras et al. 2022 (EDM, arXiv:2206.00364), with a small U-Net."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._tensors import arrays_of, batches, load_arrays, near, noise, to_items, to_tensor
from genbench.models._unet import Unet
from genbench.models._ways import FollowsArcs

SIGMA_DATA, SIGMA_MIN, SIGMA_MAX, RHO = 0.5, 0.01, 40.0, 7.0
PROBED_AT = 0.3  # the noise level of `loss_and_grad`


class Denoiser(Unet):
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), EDM table 1; images in [-1, 1]."""

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:  # x [n c h w], sigma [n] -> [n c h w]
        s = sigma[:, None, None, None]
        c_skip = SIGMA_DATA**2 / (s**2 + SIGMA_DATA**2)
        c_out = s * SIGMA_DATA / (s**2 + SIGMA_DATA**2).sqrt()
        c_in = 1 / (s**2 + SIGMA_DATA**2).sqrt()
        return c_skip * x + c_out * super().forward(c_in * x, sigma.log() / 4)


@family(
    modality="image",
    cites=["Karras et al. 2022, arXiv:2206.00364", "Ho et al. 2020, arXiv:2006.11239"],
    presets={
        "tiny": {"breadth": 24, "steps": 800, "sampling_steps": 12, "batch": 32},
        "base": {"breadth": 128, "steps": 60_000, "sampling_steps": 18, "batch": 128},
    },
    after_fit=["sampling_steps"],
)
class Diffusion(FollowsArcs):
    """EDM diffusion: denoising score matching with preconditioning, deterministic Heun sampling; trained here.

    Loss: E lambda(sigma) |D(x + sigma e; sigma) - x|^2 with ln sigma ~ N(-1.2, 1.2^2) and
    lambda = (sigma^2 + s_d^2) / (sigma s_d)^2. Sampling integrates dx/dsigma = (x - D(x; sigma)) / sigma: the
    probability flow, in which the starting noise is all the chance there is, and so is the latent of a sample.
    """

    def __init__(
        self, *, breadth: int = 24, steps: int = 800, batch: int = 32, rate: float = 2e-3, sampling_steps: int = 12
    ) -> None:
        if breadth % 8:
            raise ModelError(f"diffusion: breadth must be a multiple of 8 (groups of the norms), got {breadth}")
        self.breadth, self.steps, self.batch, self.rate = breadth, steps, batch, rate
        self.sampling_steps = sampling_steps
        self.device = "cpu"
        self.net: Denoiser | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam with averaged weights; the average with the best held-out loss is kept."""
        x = 2 * to_tensor(data.take("train"), "diffusion") - 1
        held_out = 2 * to_tensor(data.take("held_out", 256), "diffusion").to(self.device) - 1
        torch.manual_seed(derive(training.seed, "diffusion"))
        net = Denoiser((x.shape[1], x.shape[2], x.shape[3]), self.breadth).to(self.device)
        average = self.net = copy.deepcopy(net)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.rate)
        best, kept, ticks = float("inf"), copy.deepcopy(average.state_dict()), []
        every = max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            optimizer.param_groups[0]["lr"] = self.rate * min(1.0, step / 50, 2.0 * (1 - step / (self.steps + 1)))
            clean = x[index].to(self.device)
            draws = torch.randn(len(clean), device=self.device)
            loss = _loss(net, clean, draws, torch.randn_like(clean))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            blend(average, net, step)
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    seeds = range(len(held_out))
                    levels, e = noise(seeds, 1)[:, 0], noise(seeds, *held_out.shape[1:], purpose="held out")
                    outside = _loss(average, held_out, levels.to(self.device), e.to(self.device)).item()
                if outside < best:
                    best, kept = outside, copy.deepcopy(average.state_dict())
                ticks.append(Tick(step, self.steps, {"train": loss.item(), "held_out": outside}))
                training.tell(ticks[-1])
        average.load_state_dict(kept)
        return History(tuple(ticks), "all steps done; the best held-out loss was kept")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._made(noise(seeds, *self._fitted().shape))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._made(near(seeds, strength, *self._fitted().shape))

    def _made(self, z: Tensor) -> list[np.ndarray]:
        with torch.inference_mode():
            return to_items(self._drawn(z.to(self.device)))

    def _latent_shape(self) -> tuple[int, ...]:
        return self._fitted().shape

    def _drawn(self, z: Tensor) -> Tensor:
        """Heun's second-order method from SIGMA_MAX to 0, EDM algorithm 1 without churn."""
        net, n = self._fitted(), self.sampling_steps
        ramp = torch.linspace(0, 1, n)
        sigmas = (SIGMA_MAX ** (1 / RHO) + ramp * (SIGMA_MIN ** (1 / RHO) - SIGMA_MAX ** (1 / RHO))) ** RHO
        sigmas = torch.cat([sigmas, torch.zeros(1)]).to(z)
        x = z * sigmas[0]
        for now, then in pairwise(sigmas):
            slope = (x - net(x, now.expand(len(x)))) / now
            ahead = x + (then - now) * slope
            if then > 0:
                slope_ahead = (ahead - net(ahead, then.expand(len(x)))) / then
                ahead = x + (then - now) * (slope + slope_ahead) / 2
            x = ahead
        return (x + 1) / 2

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """Squared error of denoising x at one noise level with fixed noise, and its gradient; x in [0, 1]."""
        net = self._fitted()
        inputs = torch.from_numpy(np.asarray(x, np.float32)).to(self.device).requires_grad_(True)
        e = noise([0], *net.shape).to(self.device)
        clean = 2 * inputs - 1
        level = torch.full((len(inputs),), PROBED_AT, device=self.device)
        losses = (net(clean + PROBED_AT * e, level) - clean).square().flatten(1).mean(1)
        (gradient,) = torch.autograd.grad(losses.sum(), inputs)
        return losses.detach().double().cpu().numpy(), gradient.double().cpu().numpy()

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._fitted()), {"shape": list(self._fitted().shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.net = Denoiser((channels, height, width), self.breadth)
        load_arrays(self.net, arrays)
        self.net.to(self.device)

    def _fitted(self) -> Denoiser:
        assert self.net is not None, "fit or restore the diffusion model first"
        return self.net


def _loss(net: Denoiser, clean: Tensor, draws: Tensor, e: Tensor) -> Tensor:
    """Weighted denoising loss at sigmas drawn from `draws` [n] ~ N(0, 1) with noise e [n c h w]."""
    sigma = torch.exp(1.2 * draws - 1.2)
    weight = (sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2
    error = (net(clean + sigma[:, None, None, None] * e, sigma) - clean).square().flatten(1).mean(1)
    mean: Tensor = (weight * error).mean()
    return mean
