"""Flow matching on straight paths (Lipman et al. 2022, arXiv:2210.02747), with a small U-Net."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.digest import digest
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._levels import opened
from genbench.models._tensors import arrays_of, batches, load_arrays, near, noise, to_items, to_tensor
from genbench.models._unet import Unet
from genbench.models._ways import FollowsArcs

PROBED_AT = 0.7  # the time of `loss_and_grad`
LEAST_SPREAD = 0.05  # of a pixel, in [-1, 1]: one that never changed in training may change once
GREY = 0.5  # spread of pixels all together; scales the network's input


class Velocity(Unet):
    """v(x, t) of images in [-1, 1]: what a Gaussian with the pixels' means m and spreads s would have, plus a network.

    For data N(m, s^2) the best velocity at x = (1-t) x_0 + t x_1 is m + (t s^2 - (1-t)) / r^2 (x - t m) with
    r^2 = t^2 s^2 + (1-t)^2, and what it leaves unsaid of x_1 - x_0 has spread s / r. So the network begins at
    the pixels' own Gaussian, and its target has unit variance at all times (as EDM, arXiv:2206.00364, for diffusion).
    """

    def __init__(self, shape: tuple[int, int, int], breadth: int) -> None:
        super().__init__(shape, breadth)
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("spread", torch.ones(shape))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:  # x [n c h w], t [n] -> [n c h w]
        t = t[:, None, None, None]
        r = (t**2 * self.spread**2 + (1 - t) ** 2).sqrt()
        away = x - t * self.mean
        known = self.mean + (t * self.spread**2 - (1 - t)) / r**2 * away
        rest = super().forward(away / (t**2 * GREY**2 + (1 - t) ** 2).sqrt(), t.flatten())
        return known + self.spread / r * rest


@family(
    modality="image",
    cites=["Lipman et al. 2022, arXiv:2210.02747", "Grathwohl et al. 2018, arXiv:1810.01367 (trace estimator)"],
    presets={
        "tiny": {"breadth": 24, "steps": 3000, "solver_steps": 8, "batch": 32, "draws": 2},
        "base": {"breadth": 128, "steps": 60_000, "solver_steps": 16, "batch": 128, "draws": 2},
    },
    after_fit=["solver_steps", "draws"],
)
class FlowMatching(FollowsArcs):
    """Continuous normalizing flow trained without simulation: regress velocities of straight paths; trained here.

    x_t = (1-t) x_0 + t x_1 with x_0 standard normal and x_1 a training image; loss E |v(x_t, t) - (x_1 - x_0)|^2.
    Sampling integrates dx/dt = v(x, t) from t = 0 to 1 by the classical Runge-Kutta method.
    log_prob integrates back: log p(x_1) = log N(x_0; 0, I) - int_0^1 tr(dv/dx) dt, the trace estimated by Hutchinson's
    e^T (dv/dx) e with random signs e. Pixels are y rounded down and clipped, and with the q of `_levels`
    E_q[log p(y) - log q(y|x)] <= log P(x): `log_prob` is the mean over `draws` draws of (y, e), an estimate of that
    bound with no bias but the solver's.
    """

    def __init__(
        self, *, breadth: int = 24, steps: int = 800, batch: int = 32, rate: float = 2e-3, solver_steps: int = 8,
        draws: int = 2,
    ) -> None:  # fmt: skip
        if breadth % 8:
            raise ModelError(f"flow_matching: breadth must be a multiple of 8 (groups of the norms), got {breadth}")
        if draws < 2:
            raise ModelError(f"flow_matching: a standard error needs 2 draws or more, got {draws}")
        self.breadth, self.steps, self.batch, self.rate = breadth, steps, batch, rate
        self.solver_steps, self.draws = solver_steps, draws
        self.device = "cpu"
        self.net: Velocity | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam with averaged weights; the average with the best held-out loss is kept."""
        x = to_tensor(data.take("train"), "flow_matching")
        held_out = to_tensor(data.take("held_out", 256), "flow_matching")
        torch.manual_seed(derive(training.seed, "flow_matching"))
        net = Velocity((x.shape[1], x.shape[2], x.shape[3]), self.breadth)
        drawn, _ = _drawn(x[:10_000], torch.randn_like(x[:10_000]))
        net.mean.copy_(drawn.mean(0))
        net.spread.copy_(drawn.std(0, correction=0).clamp(min=LEAST_SPREAD))
        average = self.net = copy.deepcopy(net.to(self.device))
        seeds = range(len(held_out))
        outside = _drawn(held_out, noise(seeds, *held_out.shape[1:], purpose="level"))[0].to(self.device)
        times = torch.special.ndtr(noise(seeds, 1, purpose="time")[:, 0]).to(self.device)
        starts = noise(seeds, *held_out.shape[1:]).to(self.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.rate)
        best, kept, ticks = float("inf"), copy.deepcopy(average.state_dict()), []
        every = max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            optimizer.param_groups[0]["lr"] = self.rate * min(1.0, step / 50, 2.0 * (1 - step / (self.steps + 1)))
            ends = _drawn(x[index], torch.randn(len(index), *x.shape[1:]))[0].to(self.device)
            loss = _loss(net, ends, torch.rand(len(ends), device=self.device), torch.randn_like(ends)).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            blend(average, net, step)
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    unseen = _loss(average, outside, times, starts).mean().item()
                if unseen < best:
                    best, kept = unseen, copy.deepcopy(average.state_dict())
                ticks.append(Tick(step, self.steps, {"train": loss.item(), "held_out": unseen}))
                training.tell(ticks[-1])
        average.load_state_dict(kept)
        return History(tuple(ticks), "all steps done; the best held-out loss was kept")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._made(noise(seeds, *self._fitted().shape))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._made(near(seeds, strength, *self._fitted().shape))

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """nats [n] of whole items; the draws of an item are its own, whatever else is scored beside it.

        Fact "standard error (nats/item)": root mean square over items of the standard error of one item's average.
        """
        net = self._fitted()
        x = to_tensor(items, "flow_matching", net.shape)
        seeds = [int(digest(np.asarray(item))[:15], 16) for item in items]
        runs = []
        for draw in range(self.draws):
            y, log_q = _drawn(x, noise(seeds, *net.shape, purpose=("level", draw)))
            signs = noise(seeds, *net.shape, purpose=("trace", draw)).sign()
            runs.append(self._log_density(y.to(self.device), signs.to(self.device)).cpu() - log_q)
        nats = torch.stack(runs)  # [draws n]
        error = (nats.var(0) / self.draws).mean().sqrt().item()
        facts = {
            "bound": f"dequantization with open ends, {self.draws} draws",
            "solver": f"Runge-Kutta, {self.solver_steps} steps of order 4",
            "standard error (nats/item)": error,
        }
        dimensions = np.full(len(items), x[0].numel(), dtype=np.int64)
        return LogProbs(nats.mean(0).cpu().numpy(), {"dimension": dimensions}, bound=True, facts=facts)

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """Flow-matching loss of x at one time from one start, and its gradient; x is [n c h w] in [0, 1]."""
        net = self._fitted()
        inputs = torch.from_numpy(np.asarray(x, np.float32)).to(self.device).requires_grad_(True)
        time = torch.full((len(inputs),), PROBED_AT, device=self.device)
        losses = _loss(net, 2 * inputs - 1, time, noise([0], *net.shape).to(self.device).expand_as(inputs))
        (gradient,) = torch.autograd.grad(losses.sum(), inputs)
        return losses.detach().cpu().double().numpy(), gradient.cpu().double().numpy()

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._fitted()), {"shape": list(self._fitted().shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.net = Velocity((channels, height, width), self.breadth)
        load_arrays(self.net, arrays)
        self.net.to(self.device)

    def _made(self, start: Tensor) -> list[np.ndarray]:
        with torch.inference_mode():
            return to_items(self._transported(start.to(self.device)).floor() / 255)

    def _latent_shape(self) -> tuple[int, ...]:
        return self._fitted().shape

    def _drawn(self, z: Tensor) -> Tensor:
        return (self._transported(z) - 0.5) / 255  # a level k stands for all from k to k + 1

    def _transported(self, start: Tensor) -> Tensor:
        """Grey levels 0..256, unrounded, where the starting noise is led to."""
        net = self._fitted()
        times = torch.linspace(0, 1, self.solver_steps + 1).tolist()
        (y,) = integrate(lambda t, at: (net(at[0], t.expand(len(start))),), (start,), times)
        return 128 * (y + 1)

    def _log_density(self, y: Tensor, signs: Tensor) -> Tensor:
        """log p(y) [n], nats, of y [n c h w] in [-1, 1] with the random signs [n c h w] of the trace."""
        net = self._fitted()

        def slope(t: Tensor, at: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            with torch.enable_grad():
                x = at[0].detach().requires_grad_(True)
                v = net(x, t.expand(len(x)))
                (pulled,) = torch.autograd.grad(v, x, signs)  # e^T (dv/dx)
            return v.detach(), (pulled * signs).flatten(1).sum(1)

        times = torch.linspace(1, 0, self.solver_steps + 1).tolist()
        start, gathered = integrate(slope, (y, y.new_zeros(len(y))), times)
        normal = -0.5 * (start.cpu().double() ** 2 + math.log(2 * math.pi)).flatten(1).sum(1)
        return normal + gathered.cpu().double()  # integrated from 1 to 0, the divergence comes with its sign turned

    def _fitted(self) -> Velocity:
        assert self.net is not None, "fit or restore the flow first"
        return self.net


Slope = Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]


def integrate(slope: Slope, at: tuple[Tensor, ...], times: Sequence[float]) -> tuple[Tensor, ...]:
    """Classical Runge-Kutta (order 4) through `times`; d at / dt = slope(t, at)."""

    def moved(by: float, k: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(a + by * b for a, b in zip(at, k, strict=True))

    for now, then in pairwise(times):
        h = then - now
        first, middle, last = (at[0].new_tensor(t) for t in (now, now + h / 2, then))
        k_1 = slope(first, at)
        k_2 = slope(middle, moved(h / 2, k_1))
        k_3 = slope(middle, moved(h / 2, k_2))
        k_4 = slope(last, moved(h, k_3))
        at = tuple(a + h / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(at, k_1, k_2, k_3, k_4, strict=True))
    return at


def _loss(net: Velocity, ends: Tensor, t: Tensor, starts: Tensor) -> Tensor:
    """Mean over pixels of |v(x_t, t) - (x_1 - x_0)|^2 [n]; ends, starts [n c h w], t [n]."""
    s = t[:, None, None, None]
    there = net((1 - s) * starts + s * ends, t)
    losses: Tensor = (there - (ends - starts)).square().flatten(1).mean(1)
    return losses


def _drawn(x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """x [n c h w] in [0, 1] and standard normal z -> continuous images, and log q [n] of how they were drawn.

    Grey levels 0..256 go to [-1, 1], and log q is a density on that scale.
    """
    y, log_q = opened((255 * x).round(), z)
    return y / 128 - 1, log_q + x[0].numel() * math.log(128)
