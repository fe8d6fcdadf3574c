"""Variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114) with a likelihood of 256-level pixels."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training, family
from genbench.models._encoding import ReadsLatents
from genbench.models._levels import logistic
from genbench.models._tensors import arrays_of, batches, load_arrays, near, noise, outputs_at, to_items, to_tensor
from genbench.models._ways import FollowsArcs


class Net(nn.Module):
    """q(z|x) and p(x|z). Strided convolutions halve an image until neither side is over 8, then layers are dense.

    Sizes are rounded up inside to what halves evenly, and cropped again.
    """

    def __init__(self, shape: tuple[int, int, int], breadth: int, latent: int) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        halvings = max(0, math.ceil(math.log2(max(height, width) / 8)))
        self.multiple = 2**halvings
        planes = [channels, *(breadth * 2**i for i in range(halvings))]  # channels before and after each halving
        self.grid = (planes[-1], -(-height // self.multiple), -(-width // self.multiple))
        flat, hidden = math.prod(self.grid), 8 * breadth
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for outer, inner in pairwise(planes):
            down += [nn.Conv2d(outer, inner, 4, stride=2, padding=1), nn.SiLU()]
            up = [nn.SiLU(), nn.ConvTranspose2d(inner, outer, 4, stride=2, padding=1), *up]
        self.encoder = nn.Sequential(
            *down, nn.Flatten(), nn.Linear(flat, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
            nn.Linear(hidden, 2 * latent),
        )  # fmt: skip
        self.lift = nn.Sequential(
            nn.Linear(latent, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, flat)
        )
        self.decoder = nn.Sequential(*up)
        self.log_scale = nn.Parameter(torch.full(shape, -2.0))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:  # [n c h w] -> mean, log variance [n latent]
        _, height, width = self.shape
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple))
        mean, log_var = self.encoder(2 * x - 1).chunk(2, dim=1)
        return mean, log_var.clamp(-10, 10)

    def decode(self, z: Tensor) -> Tensor:  # [n latent] -> [n c h w], the logistic's centre in [0, 1]
        _, height, width = self.shape
        x = self.decoder(self.lift(z).view(-1, *self.grid))  # [n flat] -> [n planes h/m w/m] -> [n c h w]
        return torch.sigmoid(x[:, :, :height, :width])

    def log_likelihood(self, x: Tensor, centre: Tensor) -> Tensor:
        """log p(x|z) [n] of 256-level pixels: a logistic's mass on each level."""
        return logistic(x, centre, torch.exp(-self.log_scale.clamp(-6, 1)))


@family(
    modality="image",
    cites=["Kingma and Welling 2013, arXiv:1312.6114", "Burda et al. 2015, arXiv:1509.00519 (IWAE bound)"],
    presets={
        "tiny": {"breadth": 32, "latent": 16, "steps": 3000},
        "base": {"breadth": 64, "latent": 64, "steps": 30_000},
    },
    after_fit=["particles"],
)
class Vae(FollowsArcs, ReadsLatents):
    """Small variational autoencoder with a discretized logistic likelihood; trained here.

    ELBO = E_q[log p(x|z)] - KL(q(z|x) || p(z)). log_prob is the importance weighted bound with `particles` draws, in
    nats: below log p(x) in expectation, and closer to it the more particles. Outputs are the likelihood's centres,
    not draws from it: log_prob speaks of pixels with their noise, the outputs are without.
    """

    def __init__(
        self, *, breadth: int = 32, latent: int = 16, steps: int = 3000, batch: int = 64, rate: float = 2e-3,
        particles: int = 32,
    ) -> None:  # fmt: skip
        self.breadth, self.latent, self.steps, self.batch = breadth, latent, steps, batch
        self.rate, self.particles = rate, particles
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam on the negative ELBO; the weights with the best held-out ELBO are kept."""
        x, held_out = to_tensor(data.take("train"), "vae"), to_tensor(data.take("held_out", 512), "vae")
        _, c, h, w = x.shape
        torch.manual_seed(derive(training.seed, "vae"))
        net = self.net = Net((c, h, w), self.breadth, self.latent).to(self.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.rate)
        best, kept, ticks = float("inf"), copy.deepcopy(net.state_dict()), []
        every = max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            optimizer.param_groups[0]["lr"] = self.rate * min(1.0, 2.0 * (1 - step / (self.steps + 1)))
            loss = -self._elbo(x[index].to(self.device)).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 100.0)
            optimizer.step()
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    outside = -self._elbo(held_out.to(self.device)).mean().item() / (c * h * w)
                if outside < best:
                    best, kept = outside, copy.deepcopy(net.state_dict())
                ticks.append(Tick(step, self.steps, {"train": loss.item() / (c * h * w), "held_out": outside}))
                training.tell(ticks[-1])
        net.load_state_dict(kept)
        return History(tuple(ticks), "all steps done; the best held-out bound was kept (nats per dimension)")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._decoded(noise(seeds, self.latent))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._decoded(near(seeds, strength, self.latent))

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x); the noise of the K particles is the same for every item."""
        net = self._fitted()
        x = to_tensor(items, "vae", net.shape).to(self.device)
        bounds = []
        with torch.inference_mode():
            mean, log_var = net.encode(x)
            for e in noise(range(self.particles), self.latent).to(self.device):
                z = mean + torch.exp(0.5 * log_var) * e
                ratio = 0.5 * (e**2 + log_var - z**2).sum(1)  # log p(z) - log q(z|x)
                bounds.append(net.log_likelihood(x, net.decode(z)) + ratio)
            nats = torch.logsumexp(torch.stack(bounds), dim=0) - np.log(self.particles)
        dimensions = np.full(len(items), x[0].numel(), dtype=np.int64)
        facts = {"bound": f"IWAE with {self.particles} particles"}
        return LogProbs(nats.cpu().double().numpy(), {"dimension": dimensions}, bound=True, facts=facts)

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """Mean squared error of reconstruction at the posterior's mean, and its gradient; x is [n c h w] in [0, 1]."""
        net = self._fitted()
        inputs = torch.from_numpy(np.asarray(x, np.float32)).to(self.device).requires_grad_(True)
        losses = (net.decode(net.encode(inputs)[0]) - inputs).square().flatten(1).mean(1)
        (gradient,) = torch.autograd.grad(losses.sum(), inputs)
        return losses.detach().cpu().double().numpy(), gradient.cpu().double().numpy()

    def reproduce(self, items: Sequence[Item]) -> Sequence[Item]:
        """Each item as the decoder makes it of the posterior's mean."""
        x = to_tensor(items, "vae", self._fitted().shape)
        with torch.inference_mode():
            return self._decoded(self._fitted().encode(x.to(self.device))[0])

    def reproduction(self) -> str:
        return "encoded and decoded"

    def latents(self) -> int:
        return self.latent

    def decode_latents(self, z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]:
        return outputs_at(z, self._fitted().decode, self.device)

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._fitted()), {"shape": list(self._fitted().shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.net = Net((channels, height, width), self.breadth, self.latent)
        load_arrays(self.net, arrays)
        self.net.to(self.device)

    def _elbo(self, x: Tensor) -> Tensor:  # [n c h w] -> [n], nats
        net = self._fitted()
        mean, log_var = net.encode(x)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        divergence = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1)
        return net.log_likelihood(x, net.decode(z)) - divergence

    def _decoded(self, z: Tensor) -> list[np.ndarray]:
        with torch.inference_mode():
            return to_items(self._drawn(z.to(self.device)))

    def _read(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_var = self._fitted().encode(x)
        return mean, torch.exp(0.5 * log_var)

    def _latent_shape(self) -> tuple[int, ...]:
        return (self.latent,)

    def _drawn(self, z: Tensor) -> Tensor:
        return self._fitted().decode(z)

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the vae first"
        return self.net
