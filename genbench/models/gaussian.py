"""One Gaussian for all: the noise control of quality, and a model whose every statistic is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_triangular
from scipy.special import log_ndtr

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Training, family


@family(modality="any", cites=["Theis et al. 2015, arXiv:1511.01844 (dequantization bound)"])
class Gaussian:
    """A Gaussian with the mean of the training pixels and their spreads (with `correlated: true`, their covariance).

    y ~ N(m, S) in grey levels, and the pixel is floor(y) kept within 0..255. m is the pixels' mean + 1/2 and S their
    (co)variance + 1/12, the mean and variance that uniform dequantization adds. Items are arrays of 256 levels; a
    text has no mean, so texts are not applicable.
    log_prob, uncorrelated: exact, each pixel's mass sum log(Phi((k + 1 - m) / s) - Phi((k - m) / s)).
    log_prob, correlated: the dequantization bound E_u log N(x + u; m, S) <= log P(x), u uniform on [0, 1)^d, exact:
    log N(x + 1/2; m, S) - trace(S^-1) / 24.
    """

    def __init__(self, *, correlated: bool = False) -> None:
        self.correlated = correlated
        self.mean: Float[np.ndarray, " d"] | None = None
        self.factor: np.ndarray | None = None  # spreads [d], or the covariance's Cholesky factor [d d]
        self.shape: tuple[int, ...] = ()

    def fit(self, data: Dataset, training: Training) -> History:
        """Closed form."""
        items = data.take("train")
        if not isinstance(items[0], np.ndarray):
            raise NotApplicable(f"gaussian needs arrays, and {data.name!r} holds {type(items[0]).__name__} items")
        if len(items) < 2:
            raise ModelError(f"gaussian needs 2 training items for a spread, and {data.name!r} has {len(items)}")
        self.shape = items[0].shape
        x = self._rows(items)
        self.mean = x.mean(axis=0) + 0.5
        if self.correlated:
            covariance = np.atleast_2d(np.cov(x, rowvar=False))
            self.factor = np.linalg.cholesky(covariance + np.eye(x.shape[1]) / 12)
        else:
            self.factor = np.sqrt(x.var(axis=0, ddof=1) + 1 / 12)
        return History((), "closed form")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [self._item(self._noise(seed)) for seed in seeds]

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        keep = (1 - strength**2) ** 0.5
        return [self._item(keep * self._noise(s) + strength * self._noise(s, "moved")) for s in seeds]

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        mean, factor = self._fitted()
        x, d = self._rows(items), len(mean)
        if self.correlated:
            z = solve_triangular(factor, (x + 0.5 - mean).T, lower=True)  # [d n]
            inverse = solve_triangular(factor, np.eye(d), lower=True)  # L^-1, whose squares sum to trace(S^-1)
            volume = np.log(np.diag(factor)).sum() + 0.5 * d * np.log(2 * np.pi)
            nats = -0.5 * (z**2).sum(axis=0) - volume - (inverse**2).sum() / 24
        else:
            low = np.where(x == 0, -np.inf, (x - mean) / factor)  # the outermost levels take the tails
            high = np.where(x == 255, np.inf, (x + 1 - mean) / factor)
            nats = _log_mass(low, high).sum(axis=1)
        counts = {"dimension": np.full(len(items), d, dtype=np.int64)}
        facts = {"likelihood": "dequantization bound" if self.correlated else "exact"}
        return LogProbs(nats, counts, bound=self.correlated, facts=facts)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        mean, factor = self._fitted()
        return {"mean": mean, "factor": factor}, {"shape": list(self.shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.mean, self.factor = np.asarray(arrays["mean"]), np.asarray(arrays["factor"])
        self.shape = tuple(meta["shape"])

    def _rows(self, items: Sequence[Item]) -> np.ndarray:
        """[n d] grey levels 0..255."""
        arrays = [np.asarray(item) for item in items]
        if any(a.dtype != np.uint8 or a.shape != self.shape for a in arrays):
            found = sorted({f"{a.dtype}{list(a.shape)}" for a in arrays})[:3]
            raise ModelError(f"gaussian wants uint8 arrays of shape {list(self.shape)}, got {' and '.join(found)}")
        return np.stack(arrays).reshape(len(arrays), -1).astype(np.float64)  # [n h w c] -> [n d]

    def _noise(self, seed: int, purpose: str = "sample") -> np.ndarray:
        return stream(seed, "gaussian", purpose).standard_normal(len(self._fitted()[0]))

    def _item(self, z: Float[np.ndarray, " d"]) -> np.ndarray:
        mean, factor = self._fitted()
        y = mean + (factor @ z if self.correlated else factor * z)
        levels: np.ndarray = np.clip(np.floor(y), 0, 255).astype(np.uint8).reshape(self.shape)
        return levels

    def _fitted(self) -> tuple[np.ndarray, np.ndarray]:
        assert self.mean is not None, "fit or restore the gaussian first"
        assert self.factor is not None
        return self.mean, self.factor


def _log_mass(low: Float[np.ndarray, "n d"], high: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """log(Phi(high) - Phi(low)), taken in the left tail, where Phi does not round to 1."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    top = log_ndtr(b)
    mass: np.ndarray = top + np.log(-np.expm1(log_ndtr(a) - top))
    return mass
