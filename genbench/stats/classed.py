"""Rows that belong to classes: what is left of them within classes, and how far the means of two sides lie apart.

One covariance a side is pooled over all classes: S = sum_k p_k S_k with the same p_k = (m_k - 1) / (m - k) on both
sides, the classes' shares of real rows. With each side's own shares two that agree in every class, but show broad and
narrow ones unequally often, would have different covariances. With p_k alike for all, a class of eight rows, which show
hardly anything of a covariance, would be most of the noise; with the real rows' shares it matters as it does there, and
the same for any outputs that these are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Classed:
    """Rows [n d] and the class of each, 0 to k - 1, at least 4 rows of each class."""

    x: Float[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]

    @classmethod
    def of(cls, x: Float[np.ndarray, "n d"], labels: Int[np.ndarray, " n"], kept: Int[np.ndarray, " k"]) -> Classed:
        """The rows whose label is one of `kept`, in rising order; its place there is their class."""
        inside = np.isin(labels, kept)
        return cls(x[inside], np.searchsorted(kept, labels[inside]))

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Within:
    """means, sizes and traces: of each class, the last of its own unbiased covariance S_k. shares: p_k, sum 1.

    rest: the rows without their class's mean, each scaled by (p_k (n - 1) / (n_k - 1))^1/2, which makes their
    covariance over n - 1 the pooled one.
    """

    means: Float[np.ndarray, "k d"]
    sizes: Int[np.ndarray, " k"]
    traces: Float[np.ndarray, " k"]
    shares: Float[np.ndarray, " k"]
    rest: Float[np.ndarray, "n d"]

    @property
    def covariance(self) -> Float[np.ndarray, "d d"]:
        made: np.ndarray = self.rest.T @ self.rest / (len(self.rest) - 1)
        return made

    @property
    def trace(self) -> float:
        return float(self.shares @ self.traces)

    @property
    def breadths(self) -> Float[np.ndarray, " k"]:
        """How much wider (squared) than all together each class is; 1 where no class has any breadth."""
        made: np.ndarray = self.traces / self.trace if self.trace > 0 else np.ones(len(self.traces))
        return made


def within(made: Classed, real: Classed) -> tuple[Within, Within]:
    """Both sides, each with the classes' shares of real rows."""
    degrees = np.bincount(real.labels) - 1
    shares = degrees / degrees.sum()
    return _within(made, shares), _within(real, shares)


def _within(side: Classed, shares: Float[np.ndarray, " k"]) -> Within:
    sizes = np.bincount(side.labels)
    means = np.stack([side.x[side.labels == k].mean(axis=0) for k in range(len(sizes))])
    rest = side.x - means[side.labels]
    traces = np.bincount(side.labels, np.einsum("nd,nd->n", rest, rest)) / (sizes - 1)
    weights = np.sqrt(shares * (len(rest) - 1) / (sizes - 1))
    return Within(means, sizes, traces, shares, rest * weights[side.labels, None])


@dataclass(frozen=True, eq=False)
class Shifts:
    """Of each class. values: |a_k - b_k|^2, bias taken off. variances: of the values; noise: the part of these that is
    left where the means agree. slopes: by how much a variance grows with its value."""

    values: Float[np.ndarray, " k"]
    variances: Float[np.ndarray, " k"]
    noise: Float[np.ndarray, " k"]
    slopes: Float[np.ndarray, " k"]


def shifts(made: Within, real: Within) -> Shifts:
    """Unbiased squared distances of the means of each class, both sides random.

    The bias is tr S_k/n_k + tr R_k/m_k, by each class's own spread, which two rows give: it is off whatever the
    classes' covariances are. The variance is 4 v'Vv + 2 tr V^2, v the true difference of means, V = S/n_k + R/m_k with
    the pooled S and R scaled to the class's own traces, and v'Vv freed of what noise in v adds, tr V^2. With the pooled
    traces instead, a small class that is broader than others would seem to be moved.
    """
    v, S, R = made.means - real.means, made.covariance, real.covariance
    alpha, beta = made.breadths / made.sizes, real.breadths / real.sizes  # V_k = alpha_k S + beta_k R
    along = sum(c * (v @ pooled * v).sum(axis=1) for c, pooled in ((alpha, S), (beta, R)))
    SS, SR, RR = float((S * S).sum()), float((S * R).sum()), float((R * R).sum())
    noise = 2 * (alpha**2 * SS + 2 * alpha * beta * SR + beta**2 * RR)
    squares = np.square(v).sum(axis=1)
    return Shifts(
        values=squares - made.traces / made.sizes - real.traces / real.sizes,
        variances=np.maximum(4 * along - 2 * noise, 0.0) + noise,
        noise=noise,
        slopes=4 * along / np.maximum(squares, 1e-300),
    )
