"""StyleGAN2 (Karras et al. 2020, arXiv:1912.04958): style-modulated convolutions, no blobs, a smooth latent space."""

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
from genbench.core.errors import ModelError
from genbench.core.evidence import LOGIT, Verdicts
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._stylegan2 import Dense, Generator, Plan, blur_kernel, lrelu
from genbench.models._tensors import arrays_of, batches, load_arrays, near, noise, to_items, to_tensor

BATCH = 32
MIXING = 0.9  # share of images made of two styles, which meet at a random layer (arXiv:1812.04948, section 3.1)
R1_EVERY, PATH_EVERY = 8, 8  # lazy regularization, each at that multiple of its weight (section 3.1; R1 there at 16)
PATH_WEIGHT = 2.0
PATH_DECAY, AVERAGE_DECAY = 0.01, 0.005  # of the running means of path lengths and of w
STYLE_DEPTH = 4
GROUP = 4  # items that the discriminator sees beside each other


class Convolution(nn.Module):
    """x [n i h w] -> [n o h w], or halved after a blur; equalized learning rate."""

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, *, halve: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain, self.size, self.halve = 1 / math.sqrt(inputs * size * size), size, halve
        self.register_buffer("kernel", blur_kernel(1.0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.halve:
            return F.conv2d(x, self.weight * self.gain, self.bias, padding=self.size // 2)
        kernel, channels = self.kernel.expand(x.shape[1], 1, 4, 4), x.shape[1]
        if self.size == 1:  # what looks at single places skips the same ones before it as after it
            x = F.conv2d(x, kernel, padding=1, stride=2, groups=channels)
            return F.conv2d(x, self.weight * self.gain, self.bias)
        x = F.conv2d(x, kernel, padding=self.size // 2 + 1, groups=channels)
        return F.conv2d(x, self.weight * self.gain, self.bias, stride=2)


class Residual(nn.Module):
    """x [n i h w] -> [n o h/2 w/2]: two convolutions beside a linear path (figure 7c)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(inputs, inputs, 3), Convolution(inputs, outputs, 3, halve=True)
        self.skip = Convolution(inputs, outputs, 1, halve=True)

    def forward(self, x: Tensor) -> Tensor:
        both: Tensor = lrelu(self.second(lrelu(self.first(x)))) + self.skip(x)
        return both / math.sqrt(2)


class Discriminator(nn.Module):
    """x [n c h w] in [-1, 1] -> logit [n] that x is real, seen beside others of its batch.

    One more plane holds the standard deviation within groups of four items, so that a generator whose outputs are all
    alike is found out (arXiv:1710.10196, section 3).
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        planes = plan.planes[::-1]  # finest first
        self.multiple = 2 ** (len(planes) - 1)
        height, width = plan.grid
        self.look = Convolution(plan.shape[0], planes[0], 1)
        self.blocks = nn.ModuleList(Residual(fine, coarse) for fine, coarse in pairwise(planes))
        self.last = Convolution(planes[-1] + 1, planes[-1], 3)
        self.dense, self.logit = Dense(planes[-1] * height * width, planes[-1]), Dense(planes[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple))
        x = lrelu(self.look(x))
        for block in self.blocks:
            x = block(x)
        x = lrelu(self.last(torch.cat([x, spread(x)], dim=1)))
        said: Tensor = self.logit(lrelu(self.dense(x.flatten(1)))).squeeze(1)  # [n c h w] -> [n 1] -> [n]
        return said


def spread(x: Tensor, group: int = GROUP) -> Tensor:
    """[n 1 h w]: standard deviation within groups of items, averaged over features and places."""
    n, _, height, width = x.shape
    group = group if n % group == 0 else n
    apart = x.reshape(group, n // group, -1)  # [g n/g d]
    apart = apart - apart.mean(dim=0)  # var(), which is the same, takes ten times as long on a CPU
    deviation = (apart.square().mean(dim=0) + 1e-8).sqrt().mean(dim=1)  # [n/g]
    return deviation.repeat(group)[:, None, None, None].expand(n, 1, height, width)


def plan_of(shape: tuple[int, int, int], breadth: int, latent: int, depth: int) -> Plan:
    """From a grid of at most 4 x 4 up; `breadth` channels at the finest resolution, doubled towards the coarse."""
    doublings = max(0, math.ceil(math.log2(max(shape[1:]) / 4)))
    planes = tuple(min(512, breadth * 2**i) for i in range(doublings, -1, -1))
    return Plan(shape, planes, latent, latent, depth)


@family(
    modality="image",
    cites=[
        "Karras et al. 2020, arXiv:1912.04958 (StyleGAN2)",
        "Karras et al. 2019, arXiv:1812.04948 (StyleGAN: mapping, mixing, truncation)",
        "Mescheder et al. 2018, arXiv:1801.04406 (R1)",
        "Heusel et al. 2017, arXiv:1706.08500 (two rates)",
    ],
    presets={
        "tiny": {"breadth": 16, "latent": 64, "steps": 2400, "rate": 8e-3, "mixing": 0.0, "path": 0.0, "depth": 2},
        "small": {
            "breadth": 8, "latent": 64, "steps": 3000, "rate": 3e-3, "lead": 3.0, "mixing": 0.0, "path": 0.0,
            "depth": 2,
        },
        "base": {"breadth": 64, "latent": 512, "steps": 100_000, "rate": 2e-3},
    },
    after_fit=["psi"],
)  # fmt: skip
class Stylegan2:
    """StyleGAN2: mapping network, demodulated convolutions, noise, skip generator; trained here.

    D minimizes softplus(-D(x)) + softplus(D(G(z))) + penalty/2 |grad D(x)|^2; G minimizes softplus(-D(G(z))) + 2
    (|J_w' y| - a)^2, where y is noise in the shape of an image and a the running mean of these path lengths. Outputs
    are those of the averaged generator. psi: truncation, how far w may lie from its average (1: no truncation).
    mixing, path, depth: share of mixed images, weight of path lengths, layers of the mapping. At 8 x 8 the first two
    cost kinds of images, so the presets tiny and small leave them out (as arXiv:2006.06676 does for CIFAR-10).
    lead: how many times G's rate D's is (arXiv:1706.08500). Preset tiny is for 8 x 8. At 28 x 28 its equal and high
    rates let G outrun D: strokes come, then one image for all z. Preset small, for about 28 x 28, is slower and lets D
    lead: most of its outputs read as MNIST's digits after 3,000 steps, which are three minutes of one core.
    """

    def __init__(
        self, *, breadth: int = 16, latent: int = 64, steps: int = 2400, rate: float = 1.4e-2, penalty: float = 0.5,
        psi: float = 1.0, mixing: float = MIXING, path: float = PATH_WEIGHT, depth: int = STYLE_DEPTH,
        lead: float = 1.0,
    ) -> None:  # fmt: skip
        if not 0 <= psi <= 1:
            raise ModelError(f"stylegan2: psi lies between 0 (the average image) and 1 (no truncation), got {psi}")
        self.breadth, self.latent, self.steps = breadth, latent, steps
        self.rate, self.penalty, self.psi = rate, penalty, psi
        if not lead > 0:
            raise ModelError(f"stylegan2: lead, the discriminator's rate as a multiple, is above 0, got {lead}")
        self.mixing, self.path, self.depth, self.lead = mixing, path, depth, lead
        self.device = "cpu"
        self.generator: Generator | None = None
        self.critic: Discriminator | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Alternates one step of each player. A GAN has no held-out loss to stop on, so all steps are done."""
        x = 2 * to_tensor(data.take("train"), "stylegan2") - 1
        torch.manual_seed(derive(training.seed, "stylegan2"))
        game = Game(plan_of((x.shape[1], x.shape[2], x.shape[3]), self.breadth, self.latent, self.depth), self)
        ticks, every = [], max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), BATCH, self.steps, training.seed), start=1):
            game.pace(self.rate * min(1.0, 2.0 * (1 - step / (self.steps + 1))))
            losses = game.round(x[index].to(self.device), step)
            if step % every == 0 or step == self.steps:
                ticks.append(Tick(step, self.steps, losses))
                training.tell(ticks[-1])
        self.generator, self.critic = game.average.eval(), game.critic.eval()
        self._both().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        return History(tuple(ticks), "all steps done; losses of a game do not tell when to stop")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return to_items(self._fitted().drawn(noise(seeds, self.latent), seeds, self.psi))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return to_items(self._fitted().drawn(near(seeds, strength, self.latent), seeds, self.psi))

    def sample_truncated(self, seeds: Sequence[int], psi: float) -> Sequence[Item]:
        return to_items(self._fitted().drawn(noise(seeds, self.latent), seeds, psi))

    def discriminate(self, items: Sequence[Item]) -> Verdicts:
        """The logit that an item is real, seen beside the same three outputs, as no other item may bear on it."""
        x, n = to_tensor(items, "stylegan2", self._fitted().plan.shape).to(self.device), len(items)
        with torch.inference_mode():
            beside = self._fitted().drawn(noise(range(1, GROUP), self.latent), range(1, GROUP), 1.0)
            beside = beside.repeat_interleave(n, dim=0)  # -> [3n c h w]: item i is in a group with i + n, ...
            said: Tensor = self._both()["critic"](2 * torch.cat([x, beside]) - 1)[:n]
        return Verdicts(said.cpu().double().numpy(), LOGIT)

    def spaces(self) -> tuple[str, ...]:
        return "z", "w"

    def interpolate(
        self, starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], space: str
    ) -> Float[np.ndarray, "n ..."]:
        return self._fitted().between((starts, ends, places), space, self.psi)

    def place(self, device: str) -> None:
        self.device = device
        if self.generator is not None:
            self._both().to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._both()), {"shape": list(self._fitted().plan.shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        plan = plan_of((channels, height, width), self.breadth, self.latent, self.depth)
        self.generator, self.critic = Generator(plan).eval(), Discriminator(plan).eval()
        load_arrays(self._both(), arrays)
        self._both().to(self.device)

    def _both(self) -> nn.ModuleDict:
        assert self.critic is not None, "fit or restore the stylegan2 first"
        return nn.ModuleDict({"generator": self._fitted(), "critic": self.critic})

    def _fitted(self) -> Generator:
        assert self.generator is not None, "fit or restore the stylegan2 first"
        return self.generator


class Game:
    """The two players, their optimizers and running means."""

    def __init__(self, plan: Plan, settings: Stylegan2) -> None:
        self.plan, self.penalty, self.device = plan, settings.penalty, settings.device
        self.mixing, self.weight, self.lead = settings.mixing, settings.path, settings.lead
        self.player, self.critic = Generator(plan).to(self.device), Discriminator(plan).to(self.device)
        for net in (self.player, self.critic):
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a tenth faster on a CPU
        self.average = copy.deepcopy(self.player)
        # Lazy regularization makes extra steps in effect, which rate and memory are corrected for (section 3.1).
        self.lazy = {"moves": PATH_EVERY / (PATH_EVERY + 1), "judges": R1_EVERY / (R1_EVERY + 1)}
        self.moves = torch.optim.Adam(self.player.parameters(), betas=(0.0, 0.99 ** self.lazy["moves"]))
        self.judges = torch.optim.Adam(self.critic.parameters(), betas=(0.0, 0.99 ** self.lazy["judges"]))
        self.path = torch.zeros((), device=self.device)

    def pace(self, rate: float) -> None:
        self.moves.param_groups[0]["lr"] = rate * self.lazy["moves"]
        self.judges.param_groups[0]["lr"] = rate * self.lead * self.lazy["judges"]

    def round(self, real: Tensor, step: int) -> dict[str, float]:
        """One step of each player on real images [n c h w] in [-1, 1]; their losses without penalties."""
        made = self.made(len(real))[0]
        real = real.requires_grad_(step % R1_EVERY == 0)
        said = self.critic(real)
        judged = F.softplus(-said).mean() + F.softplus(self.critic(made.detach())).mean()
        total = judged
        if real.requires_grad:
            (slope,) = torch.autograd.grad(said.sum(), real, create_graph=True)
            total = judged + R1_EVERY * self.penalty / 2 * slope.square().flatten(1).sum(1).mean()
        _descend(self.judges, total)
        self.critic.requires_grad_(False)  # only looks here: gradients of its weights would cost a seventh of the time
        moved = F.softplus(-self.critic(made)).mean()
        total = moved
        if self.weight and step % PATH_EVERY == 0:
            total = moved + PATH_EVERY * self.weight * self.bend(*self.made(len(real) // 2 or 1))
        _descend(self.moves, total)
        self.critic.requires_grad_(True)
        blend(self.average, self.player, step)
        self.average.mapping.average.copy_(self.player.mapping.average)
        return {"generator": moved.item(), "discriminator": judged.item(), "path length": self.path.item()}

    def made(self, n: int) -> tuple[Tensor, Tensor]:
        """Images [n c h w] and their styles [n layers style], most of them of two z that meet at a random layer."""
        place, layers = self.device, self.plan.layers
        one, two = (self.player.mapping(torch.randn(n, self.plan.latent, device=place)) for _ in range(2))
        self.player.mapping.average.lerp_(one.detach().mean(dim=0), AVERAGE_DECAY)
        crossing = torch.randint(1, layers, (n, 1), device=place)
        crossing[torch.rand(n, 1, device=place) >= self.mixing] = layers
        first = torch.arange(layers, device=place)[None] < crossing  # [n layers]
        w = torch.where(first[:, :, None], one[:, None], two[:, None])
        chance = [torch.randn(n, 1, *side, device=place) for side in self.player.sides()]
        return self.player(w, chance), w

    def bend(self, made: Tensor, w: Tensor) -> Tensor:
        """Path-length regularization: (|J_w' y| - a)^2, y ~ N(0, 1) / sqrt(h w), by one gradient (equation 4)."""
        y = torch.randn_like(made) / math.sqrt(made.shape[2] * made.shape[3])
        (slope,) = torch.autograd.grad((made * y).sum(), w, create_graph=True)
        lengths = slope.square().sum(dim=2).mean(dim=1).sqrt()  # [n layers style] -> [n]
        self.path = self.path.lerp(lengths.detach().mean(), PATH_DECAY)
        return (lengths - self.path).square().mean()


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
