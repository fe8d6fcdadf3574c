"""A Gaussian process prior over images, with a spectral mixture kernel (Wilson and Adams 2013, arXiv:1302.4245)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import solve_triangular
from torch import Tensor, nn

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training, family
from genbench.models._levels import moments
from genbench.models._tensors import arrays_of, load_arrays, to_tensor

RATE = 0.05
LARGEST = 4096  # values of an image; a covariance of that many takes 128 MiB, a fit some ten times as much


class Kernel(nn.Module):
    """Correlation of two values of an image by how far apart they are: k(p - q) B between pixels and between channels.

    k(t) = sum_q w_q exp(-|t / l_q|^2 / 2) cos(2 pi f_q t), a stationary kernel whose spectrum is a mixture of Gaussians
    about the frequencies f_q (cycles per pixel): it can oscillate, as strokes beside gaps do. sum w_q = 1. A share
    1 - v of each value's variance is its own, shared with no other.
    """

    def __init__(self, shape: tuple[int, int, int], components: int) -> None:  # shape is (height, width, channels)
        super().__init__()
        height, width, channels = shape
        turns = torch.arange(components) / max(1, components)  # 0 is smooth; the others oscillate, each its own way
        ways = torch.stack([(math.pi * turns).sin(), (math.pi * turns).cos()], dim=1)
        self.log_weights = nn.Parameter(torch.zeros(components))
        self.log_lengths = nn.Parameter(torch.zeros(components, 2) + math.log(max(height, width) / 8 + 0.5))
        self.frequencies = nn.Parameter(ways * turns[:, None] * 4 / max(height, width))
        self.own = nn.Parameter(torch.tensor(-2.0))  # logit of 1 - v
        self.mix = nn.Parameter(torch.eye(channels) + 0.5)  # rows of one length give B = mix mix^T a unit diagonal
        rows, columns = torch.arange(1 - height, height), torch.arange(1 - width, width)
        offsets = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)  # [2h-1 2w-1 2]
        r, c = (grid.flatten() for grid in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"))
        which = (r[:, None] - r + height - 1) * (2 * width - 1) + c[:, None] - c + width - 1  # pixel i from pixel j
        self.offsets: Tensor
        self.which: Tensor
        self.register_buffer("offsets", offsets.flatten(0, 1).double(), persistent=False)
        self.register_buffer("which", which, persistent=False)
        self.double()

    def forward(self) -> Tensor:
        """[d d], d = height width channels in the order of an item's values; ones on the diagonal."""
        t = self.offsets[:, None, :]  # [offsets 1 2]
        waves = torch.cos(2 * math.pi * (t * self.frequencies).sum(-1))  # [offsets components]
        fall = torch.exp(-0.5 * (t / self.log_lengths.exp()).square().sum(-1))
        k = (fall * waves) @ torch.softmax(self.log_weights, 0)
        rows = self.mix / self.mix.norm(dim=1, keepdim=True)
        shared = torch.kron(k[self.which], rows @ rows.T)  # [h w h w] x [c c] -> [d d]
        own = torch.sigmoid(self.own)
        return (1 - own) * shared + own * torch.eye(len(shared), dtype=torch.float64, device=shared.device)


@dataclass
class Means:
    """Over items: mean of their centres a [d], of a a^T [d d] and of the variances of q [d]; entropy of q per value."""

    centre: Any
    square: Any
    blur: Any
    entropy: float


@family(
    modality="image",
    cites=["Rasmussen and Williams 2006, ISBN 026218253X", "Wilson and Adams 2013, arXiv:1302.4245"],
    presets={"tiny": {"components": 4, "steps": 300}, "base": {"components": 8, "steps": 400}},
)
class GaussianProcess:
    """Each image is one draw of a Gaussian process over pixel coordinates, fitted by marginal likelihood.

    y ~ N(m, S) in grey levels with S = D K D + N, and the pixel is floor(y) kept within 0..255. K holds the
    correlations of `Kernel`, some dozen learned numbers where a free covariance has d^2/2. With a(x), v(x) the mean and
    the variance of y given a pixel x by the q of `_levels`: m is the mean of a over training items, D its spread, N the
    mean of v.
    log_prob is a lower bound in closed form; the density of y is exact, E_q[log N(y; m, S) - log q(y|x)] =
    log N(a(x); m, S) - tr(S^-1 v(x)) / 2 + entropy(q) <= log P(x).
    Cholesky factors cost d^3 / 3: seconds a fit at d = 64, minutes at d = 1024, so larger images want a GPU.
    """

    def __init__(self, *, components: int = 4, steps: int = 300) -> None:
        self.components, self.steps = components, steps
        self.device = "cpu"
        self.shape: tuple[int, int, int] = (0, 0, 0)
        self.kernel: Kernel | None = None
        self.mean = self.spread = self.blur = np.zeros(0)  # m, D and N; [d], grey levels, of N their squares
        self.factor = np.zeros((0, 0))  # [d d], lower Cholesky factor of S

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam on the training items' mean bound; so few numbers cannot learn items by heart, so the last are kept.

        Of the items, the mean bound needs C = E (y - m)(y - m)^T alone: 2 nats = log|S| + tr(S^-1 C) + d log 2 pi,
        so a step costs the same for a hundred items as for a million.
        """
        items = data.take("train")
        height, width, channels = to_tensor(items[:1], "gaussian_process")[0].permute(1, 2, 0).shape
        self.shape = (height, width, channels)
        if len(items) < 2 or height * width * channels > LARGEST:
            raise ModelError(
                f"gaussian_process wants 2 training items or more, of at most {LARGEST:,} values (it factorizes their "
                f"covariance); {data.name!r} has {len(items)} of {height * width * channels:,}"
            )
        seen, unseen = self._means(items), self._means(data.take("held_out", 512))
        self.mean, self.blur = seen.centre, seen.blur
        self.spread = np.sqrt(np.maximum(np.diag(seen.square) - seen.centre**2, 0))
        kernel = self.kernel = Kernel(self.shape, self.components).to(self._exact())
        inside, outside = self._scatter(seen), self._scatter(unseen)
        optimizer = torch.optim.Adam(kernel.parameters(), lr=RATE)
        ticks, every = [], max(1, self.steps // 20)
        for step in range(1, self.steps + 1):
            optimizer.param_groups[0]["lr"] = RATE * min(1.0, 2.0 * (1 - step / (self.steps + 1)))
            nats = _nats(self._covariance(), inside) - seen.entropy
            optimizer.zero_grad()
            nats.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    losses = {
                        "train": nats.item(),
                        "held_out": _nats(self._covariance(), outside).item() - unseen.entropy,
                    }
                ticks.append(Tick(step, self.steps, losses))
                training.tell(ticks[-1])
        self._factorize()
        return History(tuple(ticks), f"all steps done (nats per dimension); {self._learned()}")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [self._item(self._noise(seed)) for seed in seeds]

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        keep = (1 - strength**2) ** 0.5
        return [self._item(keep * self._noise(s) + strength * self._noise(s, "moved")) for s in seeds]

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        L, d = self._fitted(), len(self.mean)
        centres, variances, entropy = moments(self._rows(items))
        z = solve_triangular(L, (centres - self.mean).T, lower=True)  # [d n]
        precision = (solve_triangular(L, np.eye(d), lower=True) ** 2).sum(axis=0)  # [d], the diagonal of S^-1
        volume = np.log(np.diag(L)).sum() + 0.5 * d * np.log(2 * np.pi)
        nats = -0.5 * ((z**2).sum(axis=0) + variances @ precision) - volume + entropy
        counts = {"dimension": np.full(len(items), d, dtype=np.int64)}
        return LogProbs(nats, counts, bound=True, facts={"bound": "dequantization with open ends, closed form"})

    def place(self, device: str) -> None:
        """Only `fit` works there; sampling and scoring are one product with the factor, done by NumPy."""
        self.device = device

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        assert self.kernel is not None, "fit or restore the gaussian process first"
        learned = {f"kernel.{name}": array for name, array in arrays_of(self.kernel).items()}
        return {"mean": self.mean, "spread": self.spread, "blur": self.blur, **learned}, {"shape": list(self.shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        height, width, channels = meta["shape"]
        self.shape = (height, width, channels)
        self.mean, self.spread, self.blur = (np.array(arrays[name]) for name in ("mean", "spread", "blur"))
        self.kernel = Kernel(self.shape, self.components)
        learned = {name.removeprefix("kernel."): a for name, a in arrays.items() if name.startswith("kernel.")}
        load_arrays(self.kernel, learned)
        self._factorize()

    def _covariance(self) -> Tensor:  # S [d d]
        assert self.kernel is not None
        K: Tensor = self.kernel()
        D, N = (torch.from_numpy(a).to(K.device) for a in (self.spread, self.blur))
        return D[:, None] * K * D + N.diag()

    def _means(self, items: Sequence[Item]) -> Means:
        """By blocks: of 50,000 items the float64 levels alone would fill gigabytes."""
        blocks = [items[at : at + 2048] for at in range(0, max(1, len(items)), 2048)]
        total = Means(0.0, 0.0, 0.0, 0.0)
        for block in blocks:
            centres, variances, entropy = moments(self._rows(block))
            total.centre += centres.sum(axis=0) / len(items)
            total.square += centres.T @ centres / len(items)
            total.blur += variances.sum(axis=0) / len(items)
            total.entropy += float(entropy.sum()) / len(items) / centres.shape[1]
        return total

    def _scatter(self, means: Means) -> Tensor:
        """C [d d], the mean of (y - m)(y - m)^T over items and q."""
        off = means.centre - self.mean
        about = means.square - np.outer(means.centre, means.centre) + np.outer(off, off) + np.diag(means.blur)
        return torch.from_numpy(about).to(self._exact())

    def _factorize(self) -> None:
        assert self.kernel is not None
        self.kernel.to("cpu")
        with torch.no_grad():
            self.factor = torch.linalg.cholesky(self._covariance()).numpy()

    def _learned(self) -> str:
        """What the fit found, for a reader."""
        assert self.kernel is not None
        shares = torch.softmax(self.kernel.log_weights.detach(), 0).tolist()
        lengths = self.kernel.log_lengths.detach().exp().tolist()
        parts = [f"{w:.0%} at {a:.2g} x {b:.2g} pixels" for w, (a, b) in zip(shares, lengths, strict=True)]
        return f"length scales {', '.join(parts)}; own noise {torch.sigmoid(self.kernel.own).item():.1%}"

    def _exact(self) -> str:
        """Where float64 can be had: Apple's GPUs have none."""
        return "cpu" if self.device.startswith("mps") else self.device

    def _rows(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        """Grey levels 0..255."""
        height, width, channels = self.shape
        x = to_tensor(items, "gaussian_process", (channels, height, width))
        return (255 * x).round().permute(0, 2, 3, 1).flatten(1).double().numpy()  # [n c h w] -> [n h w c] -> [n d]

    def _noise(self, seed: int, purpose: str = "sample") -> np.ndarray:
        return stream(seed, "gaussian_process", purpose).standard_normal(len(self.mean))

    def _item(self, z: Float[np.ndarray, " d"]) -> np.ndarray:
        y = self.mean + self._fitted() @ z
        levels: np.ndarray = np.clip(np.floor(y), 0, 255).astype(np.uint8).reshape(self.shape)
        return levels

    def _fitted(self) -> np.ndarray:
        assert len(self.factor), "fit or restore the gaussian process first"
        return self.factor


def _nats(S: Tensor, C: Tensor) -> Tensor:
    """Negative mean log-density, nats per dimension, of items with mean square C [d d] about the mean of N(m, S)."""
    L = torch.linalg.cholesky(S)
    volume = 2 * L.diagonal().log().sum() + len(S) * math.log(2 * math.pi)
    nats: Tensor = 0.5 * (volume + torch.cholesky_solve(C, L).trace()) / len(S)
    return nats
