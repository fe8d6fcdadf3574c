"""One Gaussian for all: the noise control of quality, and a model whose every statistic is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Training, family


@family(modality="image", cites=["Theis et al. 2015, arXiv:1511.01844 (dequantization bound)"])
class Gaussian:
    """A Gaussian with the mean of the training pixels and their spreads (with `correlated: true`, their covariance).

    log_prob is exact for the Gaussian on dequantized pixels x + u, u uniform on one level, and so a lower bound for
    the 256-level pixels themselves (Jensen).
    """

    def __init__(self, *, correlated: bool = False) -> None:
        self.correlated = correlated
        self.mean: Float[np.ndarray, " d"] | None = None
        self.factor: Float[np.ndarray, "d d"] | None = None
        self.shape: tuple[int, ...] = ()

    def fit(self, data: Dataset, training: Training) -> History:
        """Closed form. The uniform dequantization adds 1/12 of a squared level to each variance."""
        x = self._rows(data.take("train"))
        covariance = np.cov(x, rowvar=False).reshape(x.shape[1], x.shape[1])
        if not self.correlated:
            covariance = np.diag(np.diag(covariance))
        self.mean = x.mean(axis=0) + 0.5
        self.factor = np.linalg.cholesky(covariance + np.eye(x.shape[1]) / 12)
        return History((), "closed form")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._items(np.stack([self._noise(seed) for seed in seeds]))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        moved = [(1 - strength**2) ** 0.5 * self._noise(s) + strength * self._noise(s, "moved") for s in seeds]
        return self._items(np.stack(moved))

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        mean, factor = self._fitted()
        u = stream(0, "dequantize").random(len(mean))
        z = np.linalg.solve(factor, (self._rows(items) + u - mean).T)  # [d n]
        volume = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)
        counts = {"dimension": np.full(len(items), len(mean), dtype=np.int64)}
        return LogProbs(-0.5 * (z**2).sum(axis=0) - volume, counts, bound=True, facts={"bound": "dequantization"})

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        mean, factor = self._fitted()
        return {"mean": mean, "factor": factor}, {"shape": list(self.shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.mean, self.factor = np.asarray(arrays["mean"]), np.asarray(arrays["factor"])
        self.shape = tuple(meta["shape"])

    def _rows(self, items: Sequence[Item]) -> np.ndarray:
        """[n d] grey levels 0..255."""
        arrays = [np.asarray(item) for item in items]
        if arrays[0].dtype != np.uint8 or len({a.shape for a in arrays}) != 1:
            raise ModelError("gaussian wants uint8 images of one shape")
        self.shape = arrays[0].shape
        return np.stack(arrays).reshape(len(arrays), -1).astype(np.float64)

    def _noise(self, seed: int, purpose: str = "sample") -> np.ndarray:
        return stream(seed, "gaussian", purpose).standard_normal(len(self._fitted()[0]))

    def _items(self, z: np.ndarray) -> list[np.ndarray]:
        mean, factor = self._fitted()
        levels = np.clip(np.floor(mean + z @ factor.T), 0, 255).astype(np.uint8)
        return list(levels.reshape(-1, *self.shape))

    def _fitted(self) -> tuple[np.ndarray, np.ndarray]:
        assert self.mean is not None, "fit or restore the gaussian first"
        assert self.factor is not None
        return self.mean, self.factor
