"""Fréchet distances of classes with too few items for covariances of their own: one covariance a side, for all of them.

    d_k^2 = |a_k - b_k|^2 + tr S + tr R - 2 tr (S^1/2 R S^1/2)^1/2

a_k and b_k are the means of class k on the two sides, S and R the covariances within classes, pooled over all of them
(as in linear discriminant analysis). What is left of the rows when their class's mean is taken off has these
covariances, so the second part, the same for all classes, is the Fréchet distance of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from genbench.core.evidence import Rng
from genbench.stats.frechet import extrapolated, frechet


@dataclass(frozen=True, eq=False)
class Classed:
    """Rows [n d] and the class of each, 0 to k - 1, at least 4 rows of each class."""

    x: Float[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class ClassDistances:
    """values: [k] d_k^2, bias taken off. errors, second_order: [k] of each alone; mean_error, mean_second: of the mean.

    shared: the covariances' part of every value, bias taken off; bias: what was taken off it, of an order that a small
    n for d leaves more of; means_noise: [k] variances of the other part, which is the classes' own.
    """

    values: Float[np.ndarray, " k"]
    errors: Float[np.ndarray, " k"]
    second_order: Float[np.ndarray, " k"]
    mean_error: float
    mean_second: float
    shared: float
    bias: float
    means_noise: Float[np.ndarray, " k"]

    @property
    def mean(self) -> float:
        return float(self.values.mean())


def class_distances(made: Classed, real: Classed, *, rng: Rng) -> ClassDistances:
    """d_k^2 of all classes, both sides random; see the formula above.

    The means' part has its bias tr S_k/n_k + tr R_k/m_k taken off, by the class's own spread, which two rows give: it
    is unbiased whatever the classes' covariances. Its variance is 4 v'Vv + 2 tr V^2, v = a_k - b_k, V = S/n_k + R/m_k
    with S and R scaled to the class's own traces, and v'Vv freed of what noise in v adds. The shared part is corrected
    as `extrapolated` corrects, for the n - k rows' worth that are left. The two depend on one another where features
    are skewed: with w the mean of all v, the mean of all d_k^2 is the Fréchet distance of what is left of the rows, one
    side moved by w, and mean |v - w|^2; so its error is that distance's, where the dependence is in the influences. Of
    a single class the two errors are added up, which no dependence exceeds.
    """
    (a, x, n, s), (b, y, m, r) = (_within(side) for side in (made, real))
    v, k = a - b, len(n)
    S, R = x.T @ x / (len(x) - 1), y.T @ y / (len(y) - 1)
    left, right = float(np.trace(S)), float(np.trace(R))
    alpha, beta = _ratio(s, left) / n, _ratio(r, right) / m  # V_k = alpha_k S + beta_k R
    vS, vR = ((v @ within * v).sum(axis=1) for within in (S, R))
    SS, SR, RR = float((S * S).sum()), float((S * R).sum()), float((R * R).sum())
    noise = 2 * (alpha**2 * SS + 2 * alpha * beta * SR + beta**2 * RR)
    variances = np.maximum(4 * (alpha * vS + beta * vR) - 2 * noise, 0.0) + noise
    means = np.square(v).sum(axis=1) - s / n - r / m
    # As if the means of what is left had been drawn too, `frechet` counts their bias and noise; they are 0 by making.
    moved = v.mean(axis=0)
    found, shifted = extrapolated(x, y, rng=rng), frechet(x + moved, y)
    drawn = 2 * (SS / len(x) ** 2 + 2 * SR / (len(x) * len(y)) + RR / len(y) ** 2)
    by_shift = 4 * (float(moved @ S @ moved) / len(x) + float(moved @ R @ moved) / len(y))
    second = max(found.second_order - drawn, 0.0)
    own = max(found.standard_error**2 - drawn, second)
    with_mean = max(shifted.standard_error**2 - drawn - by_shift, second)
    mean_bias = left / len(x) + right / len(y)
    freedom = (1 / (len(x) - k) + 1 / (len(y) - k)) / (1 / (len(x) - 1) + 1 / (len(y) - 1))  # one mean a class is lost
    bias = (found.bias - mean_bias) * freedom
    shared = found.value - bias
    return ClassDistances(
        values=means + shared, errors=np.sqrt(variances) + np.sqrt(own), second_order=noise + second,
        mean_error=float(np.sqrt(variances.sum() / k**2 + with_mean)), mean_second=float(noise.sum() / k**2 + second),
        shared=shared, bias=bias, means_noise=variances,
    )  # fmt: skip


def _within(
    side: Classed,
) -> tuple[Float[np.ndarray, "k d"], Float[np.ndarray, "n d"], Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Means and sizes of classes, what is left of the rows, scaled so that its covariance over n - 1 is the pooled one,
    over n - k; and the trace of each class's own covariance."""
    size = np.bincount(side.labels)
    means = np.stack([side.x[side.labels == k].mean(axis=0) for k in range(len(size))])
    rest = side.x - means[side.labels]
    traces = np.bincount(side.labels, np.einsum("nd,nd->n", rest, rest)) / (size - 1)
    return means, rest * np.sqrt((len(rest) - 1) / (len(rest) - len(size))), size, traces


def _ratio(traces: Float[np.ndarray, " k"], pooled: float) -> Float[np.ndarray, " k"]:
    """How much wider than the pooled one each class is; 1 where no class has any breadth."""
    made: np.ndarray = traces / pooled if pooled > 0 else np.ones(len(traces))
    return made
