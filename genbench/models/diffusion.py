"""Diffusion as in DDPM (Ho et al. 2020, arXiv:2006.11239) and EDM (Karras et al. 2022, arXiv:2206.00364)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item, Split
from genbench.core.digest import digest
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._denoising import (
    TIMES,
    Bound,
    Denoise,
    Objective,
    Sampling,
    ancestral,
    bound,
    ddim,
    decoder_scale,
    heun,
    ladder,
    of_ddpm,
)
from genbench.models._tensors import arrays_of, batches, load_arrays, near, noise, to_items, to_tensor
from genbench.models._unet import Unet
from genbench.models._ways import FollowsArcs

SIGMA_DATA = 0.5
DECODED = 512  # training images that the decoder's scale is fitted to
PROBED_AT = 0.3  # the noise level of `loss_and_grad`
UNTOLD = 0.1  # share of training images whose class is withheld, so that there is a model without to guide away from


class Denoiser(Unet):
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), EDM table 1; images in [-1, 1].

    Of DDPM's objective c_skip = 1 and c_out = -sigma: F tells the noise e. With `classes` it is told which one an image
    is of, by number; the last number, `classes` itself, says nothing.
    """

    def __init__(
        self, shape: tuple[int, int, int], breadth: int, objective: Objective = "edm", classes: int = 0
    ) -> None:
        super().__init__(shape, breadth)
        self.objective, self.classes = objective, classes
        self.scale: Tensor  # of the logistic that tells grey levels when bits are counted
        self.register_buffer("scale", torch.tensor(0.005))
        if classes:
            self.classed = nn.Embedding(classes + 1, 2 * breadth)

    def forward(self, x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        """x [n c h w], sigma [n], label [n] -> [n c h w]."""
        s, e = sigma[:, None, None, None], self.told(sigma.log() / 4)
        if self.classes:
            e = e + self.classed(torch.full_like(sigma, self.classes, dtype=torch.long) if label is None else label)
        if self.objective == "ddpm":
            return x - s * self.made(x / (s**2 + 1).sqrt(), e)
        c_skip = SIGMA_DATA**2 / (s**2 + SIGMA_DATA**2)
        c_out = s * SIGMA_DATA / (s**2 + SIGMA_DATA**2).sqrt()
        c_in = 1 / (s**2 + SIGMA_DATA**2).sqrt()
        return c_skip * x + c_out * self.made(c_in * x, e)


@family(
    modality="image",
    cites=[
        "Karras et al. 2022, arXiv:2206.00364 (EDM)",
        "Ho et al. 2020, arXiv:2006.11239 (DDPM)",
        "Song et al. 2020, arXiv:2010.02502 (DDIM)",
        "Ho and Salimans 2022, arXiv:2207.12598 (classifier-free guidance)",
        "Kingma et al. 2021, arXiv:2107.00630 (variational bound)",
    ],
    presets={
        "tiny": {"breadth": 24, "steps": 3000, "sampling_steps": 12, "batch": 32},
        "base": {"breadth": 128, "steps": 60_000, "sampling_steps": 18, "batch": 128},
    },
    after_fit=["sampling_steps", "sampler", "guidance", "terms"],
)
class Diffusion(FollowsArcs):
    """Diffusion: a denoiser D(x; sigma) learned as in EDM or DDPM, sampled by Heun, DDIM or ancestrally; trained here.

    Loss: E lambda(sigma) |D(x + sigma e; sigma) - x|^2. objective edm: ln sigma ~ N(-1.2, 1.2^2) and
    lambda = (sigma^2 + s_d^2) / (sigma s_d)^2; ddpm: sigma of one of 1,000 steps, all alike likely, and
    lambda = 1 / sigma^2, the paper's simple loss |e' - e|^2. sampler heun and ddim follow the probability flow
    dx/dsigma = (x - D) / sigma, in which the starting noise is all the chance there is; ancestral draws fresh noise at
    each step, and wants more of them (at 1,000 with ddpm it is the paper's). Either way the latent of a sample is all
    the noise it is made of.
    conditional: it learns the groups of the data too, and a sample's group is drawn as often as it is seen in training.
    guidance w: D = D_without + w (D_with - D_without), 1 for none. log_prob is a variational lower bound of the model
    told no group, at `terms` levels of noise: an estimate without bias, a little other for each `terms`.
    """

    def __init__(
        self, *, breadth: int = 24, steps: int = 800, batch: int = 32, rate: float = 2e-3, sampling_steps: int = 12,
        objective: Objective = "edm", sampler: Sampling = "heun", conditional: bool = False, guidance: float = 1.0,
        terms: int = 16,
    ) -> None:  # fmt: skip
        if breadth % 8:
            raise ModelError(f"diffusion: breadth must be a multiple of 8 (groups of the norms), got {breadth}")
        if min(sampling_steps, terms) < 1:
            raise ModelError(f"diffusion: sampling_steps and terms are at least 1, got {sampling_steps} and {terms}")
        if objective == "ddpm" and sampling_steps > TIMES:
            raise ModelError(f"diffusion: ddpm has {TIMES} steps to sample by, got sampling_steps {sampling_steps}")
        if guidance != 1 and not conditional:
            raise ModelError(f"diffusion: guidance {guidance:g} leads to a group, and needs `conditional: true`")
        self.breadth, self.steps, self.batch, self.rate = breadth, steps, batch, rate
        self.objective: Objective = objective
        self.sampler: Sampling = sampler
        self.sampling_steps, self.conditional, self.guidance, self.terms = sampling_steps, conditional, guidance, terms
        self.device = "cpu"
        self.net: Denoiser | None = None
        self.counts: list[int] = []  # training items of each group, of a conditional model

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam with averaged weights; the average with the best held-out loss is kept."""
        x, labels = self._items(data, "train", None)
        held_out, labels_out = self._items(data, "held_out", 256)
        torch.manual_seed(derive(training.seed, "diffusion"))
        self.counts = (
            labels.bincount(minlength=len(data.groups.names)).tolist() if data.groups and self.conditional else []
        )
        net = self._built((x.shape[1], x.shape[2], x.shape[3])).to(self.device)
        average = self.net = copy.deepcopy(net)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.rate)
        best, kept, ticks = float("inf"), copy.deepcopy(average.state_dict()), []
        every = max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            optimizer.param_groups[0]["lr"] = self.rate * min(1.0, step / 50, 2.0 * (1 - step / (self.steps + 1)))
            clean = x[index].to(self.device)
            draws = torch.randn(len(clean), device=self.device)
            loss = _loss(net, clean, draws, torch.randn_like(clean), self._some(labels[index]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            blend(average, net, step)
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    seeds = range(len(held_out))
                    levels, e = noise(seeds, 1)[:, 0], noise(seeds, *held_out.shape[1:], purpose="held out")
                    levels, e = levels.to(self.device), e.to(self.device)
                    outside = _loss(average, held_out.to(self.device), levels, e, labels_out.to(self.device)).item()
                if outside < best:
                    best, kept = outside, copy.deepcopy(average.state_dict())
                ticks.append(Tick(step, self.steps, {"train": loss.item(), "held_out": outside}))
                training.tell(ticks[-1])
        average.load_state_dict(kept)
        with torch.inference_mode():
            average.scale.fill_(decoder_scale(average, x[:DECODED].to(self.device), self.objective))
        return History(tuple(ticks), "all steps done; the best held-out loss was kept")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._made(noise(seeds, *self._latent_shape()))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._made(near(seeds, strength, *self._latent_shape()))

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """nats [n] of whole items; the noise that an item is seen with is its own, whatever is scored beside it."""
        net = self._fitted()
        x = 2 * to_tensor(items, "diffusion", net.shape).to(self.device) - 1
        seeds = [int(digest(np.asarray(item))[:15], 16) for item in items]
        with torch.inference_mode():
            nats = bound(net, x, seeds, Bound(self.objective, self.terms, net.scale.item()))
        dimensions = np.full(len(items), x[0].numel(), dtype=np.int64)
        facts = {"bound": f"variational, endless steps, estimated at {self.terms} levels of noise"}
        return LogProbs(nats.numpy(), {"dimension": dimensions}, bound=True, facts=facts)

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
        return losses.detach().cpu().double().numpy(), gradient.cpu().double().numpy()

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._fitted()), {"shape": list(self._fitted().shape), "counts": list(self.counts)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.counts = [int(count) for count in meta["counts"]]
        self.net = self._built((channels, height, width))
        load_arrays(self.net, arrays)
        self.net.to(self.device)

    def _built(self, shape: tuple[int, int, int]) -> Denoiser:
        return Denoiser(shape, self.breadth, self.objective, len(self.counts))

    def _items(self, data: Dataset, split: Split, limit: int | None) -> tuple[Tensor, Tensor]:
        """Images [n c h w] in [-1, 1], and the number of each one's group, 0 of a model that is not told."""
        x = 2 * to_tensor(data.take(split, limit), "diffusion") - 1
        if not self.conditional:
            return x, torch.zeros(len(x), dtype=torch.long)
        if data.groups is None:
            raise ModelError(f"diffusion: a conditional model learns the groups of a dataset; {data.name!r} has none")
        return x, torch.from_numpy(np.asarray(data.labels(split, limit), np.int64))

    def _some(self, labels: Tensor) -> Tensor:
        """The labels [n] with a tenth of them withheld; of a model that is not told any, as they are."""
        if not self.counts:
            return labels.to(self.device)
        return torch.where(torch.rand(len(labels)) < UNTOLD, len(self.counts), labels).to(self.device)

    def _made(self, z: Tensor) -> list[np.ndarray]:
        with torch.inference_mode():
            return to_items(self._drawn(z.to(self.device)))

    def _latent_shape(self) -> tuple[int, ...]:
        """An image of noise; where there is more chance than that, all of it in a row, the group's number first."""
        shape = self._fitted().shape
        if not self.counts and self.sampler != "ancestral":
            return shape
        images = self.sampling_steps if self.sampler == "ancestral" else 1
        return (int(bool(self.counts)) + images * int(np.prod(shape)),)

    def _drawn(self, z: Tensor) -> Tensor:
        """From the highest noise level to none."""
        shape, label = self._fitted().shape, None
        if self.counts:
            edges = torch.tensor(self.counts, dtype=torch.float64).cumsum(0)
            chance = torch.special.ndtr(z[:, 0].cpu().double())
            label = torch.searchsorted(edges[:-1] / edges[-1], chance, right=True).to(z.device)
            z = z[:, 1:]
        noises = z.reshape(len(z), -1, *shape)  # [n images c h w]
        sigmas = ladder(self.objective, self.sampling_steps).to(z)
        denoise, x = self._denoiser(label), noises[:, 0] * sigmas[0]
        if self.sampler == "ancestral":
            x = ancestral(denoise, x, sigmas, noises[:, 1:])
        else:
            x = (ddim if self.sampler == "ddim" else heun)(denoise, x, sigmas)
        return (x + 1) / 2

    def _denoiser(self, label: Tensor | None) -> Denoise:
        """D told these groups [n], led towards them by `guidance`."""
        net, w = self._fitted(), self.guidance
        if label is None:
            return net

        def led(x: Tensor, sigma: Tensor) -> Tensor:
            told: Tensor = net(x, sigma, label)
            return told if w == 1 else torch.lerp(net(x, sigma), told, w)

        return led

    def _fitted(self) -> Denoiser:
        assert self.net is not None, "fit or restore the diffusion model first"
        return self.net


def _loss(net: Denoiser, clean: Tensor, draws: Tensor, e: Tensor, label: Tensor) -> Tensor:
    """Weighted denoising loss at sigmas drawn from `draws` [n] ~ N(0, 1) with noise e [n c h w]."""
    if net.objective == "ddpm":
        step = (TIMES * torch.special.ndtr(draws)).long().clamp(max=TIMES - 1)
        sigma = of_ddpm().float().to(clean)[step]
        weight = 1 / sigma**2
    else:
        sigma = torch.exp(1.2 * draws - 1.2)
        weight = (sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2
    seen = clean + sigma[:, None, None, None] * e
    error = (net(seen, sigma, label if net.classes else None) - clean).square().flatten(1).mean(1)
    mean: Tensor = (weight * error).mean()
    return mean
