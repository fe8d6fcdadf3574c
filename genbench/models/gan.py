"""Generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661) with R1 (Mescheder, arXiv:1801.04406)."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.evidence import LOGIT, Verdicts
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._latent_search import SEARCHED, nearest_latents
from genbench.models._latents import FromLatents
from genbench.models._pyramid import Down, Up
from genbench.models._tensors import batches, to_tensor

LAZY = 4  # R1 is taken every fourth step, at four times its weight (StyleGAN2, arXiv:1912.04958, section 3)


class Discriminator(Down):
    """x [n c h w] -> logit [n] that x is real."""

    def __init__(self, shape: tuple[int, int, int], breadth: int) -> None:
        super().__init__(shape, breadth, outputs=1)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze(1)  # [n 1] -> [n]


@family(
    modality="image",
    cites=["Goodfellow et al. 2014, arXiv:1406.2661", "Mescheder et al. 2018, arXiv:1801.04406 (R1)"],
    presets={
        "tiny": {"breadth": 32, "latent": 32, "steps": 2400},
        "base": {"breadth": 64, "latent": 128, "steps": 50_000},
    },
)
class Gan(FromLatents):
    """Small GAN: non-saturating loss, R1 penalty on real images, averaged generator; trained here.

    D minimizes softplus(-D(x)) + softplus(D(G(z))) + penalty/2 |grad D(x)|^2, G minimizes softplus(-D(G(z))).
    """

    def __init__(
        self, *, breadth: int = 32, latent: int = 32, steps: int = 2400, batch: int = 64, rate: float = 1e-3,
        penalty: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(breadth, latent)
        self.steps, self.batch, self.rate, self.penalty = steps, batch, rate, penalty

    def fit(self, data: Dataset, training: Training) -> History:
        """Alternates one step of each player. A GAN has no held-out loss to stop on, so all steps are done."""
        x = to_tensor(data.take("train"), "gan")
        shape = (x.shape[1], x.shape[2], x.shape[3])
        torch.manual_seed(derive(training.seed, "gan"))
        player, critic = Up(shape, self.breadth, self.latent), Discriminator(shape, self.breadth)
        average = copy.deepcopy(player)
        for net in (player, critic, average):
            net.to(self.device)
        moves = torch.optim.Adam(player.parameters(), lr=self.rate, betas=(0.5, 0.99))
        judges = torch.optim.Adam(critic.parameters(), lr=self.rate, betas=(0.5, 0.99))
        ticks, every = [], max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            rate = self.rate * min(1.0, 2.0 * (1 - step / (self.steps + 1)))
            moves.param_groups[0]["lr"] = judges.param_groups[0]["lr"] = rate
            real = x[index].to(self.device)
            made = player(torch.randn(len(real), self.latent, device=self.device))
            judged = self.judge(critic, judges, real, made.detach(), penalize=step % LAZY == 0)
            moved = F.softplus(-critic(made)).mean()
            moves.zero_grad()
            moved.backward()  # type: ignore[no-untyped-call]
            moves.step()
            blend(average, player, step)
            if step % every == 0 or step == self.steps:
                ticks.append(Tick(step, self.steps, {"generator": moved.item(), "discriminator": judged}))
                training.tell(ticks[-1])
        self.generator, self.critic = average.eval(), critic.eval()
        return History(tuple(ticks), "all steps done; losses of a game do not tell when to stop")

    def judge(
        self, critic: Discriminator, judges: torch.optim.Optimizer, real: Tensor, made: Tensor, *, penalize: bool
    ) -> float:
        """One step of the discriminator; its loss without the penalty, which comes every LAZY-th step, LAZY-fold."""
        real = real.requires_grad_(penalize)
        said = critic(real)
        loss = F.softplus(-said).mean() + F.softplus(critic(made)).mean()
        total = loss
        if penalize:
            (slope,) = torch.autograd.grad(said.sum(), real, create_graph=True)
            total = loss + LAZY * self.penalty / 2 * slope.square().flatten(1).sum(1).mean()
        judges.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        judges.step()
        return float(loss.item())

    def discriminate(self, items: Sequence[Item]) -> Verdicts:
        """log D/(1 - D), D the chance that its discriminator of the last step gives an item of being real."""
        return self._judged(to_tensor(items, "gan", self._fitted().shape), LOGIT)

    def reproduce(self, items: Sequence[Item]) -> Sequence[Item]:
        """Each item as near as a search of the latents comes to it."""
        x = to_tensor(items, "gan", self._fitted().shape)
        return self._made(nearest_latents(self._fitted(), x.to(self.device), self.latent))

    def reproduction(self) -> str:
        return SEARCHED
