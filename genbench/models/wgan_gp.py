"""Wasserstein GAN with gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.evidence import Verdicts
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._latents import FromLatents
from genbench.models._pyramid import Down, Up
from genbench.models._tensors import batches, noise, to_tensor

BETAS = (0.0, 0.9)  # of Adam, as in the paper's algorithm 1
CRITIC_STEPS = 5  # n_critic of algorithm 1


@family(
    modality="image",
    cites=["Gulrajani et al. 2017, arXiv:1704.00028", "Arjovsky et al. 2017, arXiv:1701.07875"],
    presets={
        "tiny": {"breadth": 32, "latent": 32, "steps": 1000, "rate": 2e-3},
        "base": {"breadth": 64, "latent": 128, "steps": 40_000, "rate": 2e-4},
    },
)
class WganGp(FromLatents):
    """Small Wasserstein GAN: the critic is held near slope 1 by a gradient penalty; trained here.

    The critic D maximizes E D(x) - E D(G(z)) - penalty E (|grad D(x')| - 1)^2 at x' = u x + (1 - u) G(z), u uniform
    on [0, 1]; the generator G maximizes E D(G(z)). The critic takes five steps for each of G's; `steps` counts G's.
    The first two terms estimate the Wasserstein-1 distance between data and outputs, in pixels within [0, 1].
    """

    def __init__(
        self, *, breadth: int = 32, latent: int = 32, steps: int = 1000, batch: int = 64, rate: float = 2e-3,
        penalty: float = 10.0,
    ) -> None:  # fmt: skip
        super().__init__(breadth, latent)
        self.steps, self.batch, self.rate, self.penalty = steps, batch, rate, penalty

    def fit(self, data: Dataset, training: Training) -> History:
        """Algorithm 1, with averaged weights of the generator and a falling rate.

        The curve is the critic's estimate of the distance, of outputs from training items and from held-out ones; where
        the two part, the critic has begun to know its training items (section 5.3). Estimates of two critics do not
        compare, so all steps are done.
        """
        x, held_out = to_tensor(data.take("train"), "wgan_gp"), to_tensor(data.take("held_out", 512), "wgan_gp")
        shape = (x.shape[1], x.shape[2], x.shape[3])
        torch.manual_seed(derive(training.seed, "wgan_gp"))
        player, critic = Up(shape, self.breadth, self.latent), Down(shape, self.breadth, outputs=1)
        average = copy.deepcopy(player)
        for net in (player, critic, average):
            net.to(self.device)
        moves = torch.optim.Adam(player.parameters(), lr=self.rate, betas=BETAS)
        judges = torch.optim.Adam(critic.parameters(), lr=self.rate, betas=BETAS)
        ticks, every = [], max(1, self.steps // 20)
        shown = batches(len(x), self.batch, self.steps * CRITIC_STEPS, training.seed)
        for step in range(1, self.steps + 1):
            moves.param_groups[0]["lr"] = judges.param_groups[0]["lr"] = self.rate * (1 - step / (self.steps + 1))
            for _ in range(CRITIC_STEPS):
                real = x[next(shown)].to(self.device)
                with torch.no_grad():
                    made = player(self._latents(len(real)))
                distance = self.judge(critic, judges, real, made)
            moves.zero_grad()
            (-critic(player(self._latents(self.batch))).mean()).backward()
            moves.step()
            blend(average, player, step)
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    outside = critic(held_out.to(self.device)).mean() - critic(player(self._latents(512))).mean()
                ticks.append(Tick(step, self.steps, {"train": distance, "held_out": outside.item()}))
                training.tell(ticks[-1])
        self.generator, self.critic = average.eval(), critic.eval()
        return History(tuple(ticks), "all steps done; a critic's estimate of distance does not tell when to stop")

    def judge(self, critic: Down, judges: torch.optim.Optimizer, real: Tensor, made: Tensor) -> float:
        """One step of the critic; its estimate of the distance, without the penalty. real, made: [n c h w]."""
        u = torch.rand(len(real), 1, 1, 1, device=real.device)
        between = (u * real + (1 - u) * made).requires_grad_(True)
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        excess = slope.flatten(1).norm(dim=1) - 1
        distance = critic(real).mean() - critic(made).mean()
        judges.zero_grad()
        (self.penalty * excess.square().mean() - distance).backward()
        judges.step()
        return float(distance.item())

    def discriminate(self, items: Sequence[Item]) -> Verdicts:
        """The critic's value of an item past its mean value of 256 outputs, as its zero by itself means nothing."""
        with torch.inference_mode():
            made = self._drawn(noise(range(256), self.latent).to(self.device))
        zero = float(self._judged(made, "").scores.mean())
        said = self._judged(to_tensor(items, "wgan_gp", self._fitted().shape), "value of the critic, past its outputs'")
        return replace(said, scores=said.scores - zero)

    def _latents(self, n: int) -> Tensor:
        return torch.randn(n, self.latent, device=self.device)
