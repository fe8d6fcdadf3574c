"""Means and covariances without their rows: gathered batch by batch, and compared as Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigvalsh, lapack

from genbench.core.score import Interval
from genbench.stats.intervals import squared_interval
from genbench.stats.pivoted import pivoted

Vector = Float[np.ndarray, " d"]
Matrix = Float[np.ndarray, "d d"]
ROUNDING = float(np.finfo(np.float64).eps)
# A pivot below this share of the largest variance is rounding: a covariance computed from rows has no more digits.
RANK = 1e-14
BLOCK = 1024  # rows gathered at once
PROMISED = 1e-9  # relative error the eigenvalues must keep to; else singular values are taken, at four times the cost


@dataclass(frozen=True, eq=False)
class Moments:
    """mean [d] and unbiased covariance [d d] of n rows; n is None where nobody wrote it down."""

    mean: Vector
    covariance: Matrix
    n: int | None


class Gathering:
    """Moments of rows that come in batches, in the memory of one covariance (Chan, Golub and LeVeque 1979).

    float64 throughout. Rows wait until there are BLOCK of them, as each block costs one pass over the covariance; it
    adds its scatter about its own mean, and the squared step between the means.
    """

    def __init__(self, d: int) -> None:
        self.n = 0
        self._mean = np.zeros(d)
        self._scatter = np.zeros((d, d))
        self._waiting: list[np.ndarray] = []

    def add(self, rows: Float[np.ndarray, "m d"]) -> None:
        self.n += len(rows)
        self._waiting.append(np.asarray(rows, np.float64))
        if sum(map(len, self._waiting)) >= BLOCK:
            self._take_in()

    def _take_in(self) -> None:
        block = np.concatenate(self._waiting)
        self._waiting = []
        m, middle = len(block), block.mean(axis=0)
        if not m:
            return
        block -= middle
        step, before = middle - self._mean, self.n - m
        self._scatter += block.T @ block
        self._scatter += np.outer(step, step * (before * m / self.n))
        self._mean = self._mean + step * (m / self.n)

    def moments(self) -> Moments:
        if self.n < 2:
            raise ValueError(f"a covariance needs at least 2 rows, got {self.n}")
        if self._waiting:
            self._take_in()
        return Moments(self._mean.copy(), self._scatter / (self.n - 1), self.n)


def gaussian_distance(mean_x: Vector, covariance_x: Matrix, mean_y: Vector, covariance_y: Matrix) -> float:
    """d^2 = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2, from moments alone.

    With S = R R' by Cholesky, with pivots where S is singular so that it stops at the rank, the last trace is the sum
    of the singular values of R1' R2. Their squares are the eigenvalues of R1' S2 R1, four times as fast; squaring costs
    half the digits of the small ones, so these are taken only where the rounding they can carry stays below 1e-9 of the
    traces. Never below 0.
    """
    shift = mean_x - mean_y
    traces = float(np.trace(covariance_x) + np.trace(covariance_y))
    inner = _within(covariance_x, covariance_y)
    squares = eigvalsh(inner, lower=True, overwrite_a=True, check_finite=False) if len(inner) else np.zeros(0)
    largest = float(squares.max(initial=0.0))
    noise = ROUNDING * largest  # of an eigenvalue; of its root at most noise / root, and the root of noise
    roots = np.sqrt(np.maximum(squares, 0.0))
    carried = float(np.minimum(noise / np.maximum(roots, 1e-300), np.sqrt(noise)).sum())
    if carried <= PROMISED * traces:
        root_trace = float(roots.sum())
    else:
        cross = _root(covariance_x).T @ _root(covariance_y)
        root_trace = float(np.linalg.svd(cross, compute_uv=False).sum())
    return max(0.0, float(shift @ shift) + traces - 2 * root_trace)


@dataclass(frozen=True)
class GaussianEstimate:
    """value: plug-in d^2; corrected: its second-order bias taken off; interval: of the true distance.

    The last two are None where a count is unknown.
    """

    value: float
    corrected: float | None
    interval: Interval | None


def gaussian_frechet(a: Moments, b: Moments) -> GaussianEstimate:
    """The distance of two statistics files, with the bias and error that Gaussian rows would give it.

    `frechet` takes both from the rows; here are none, so fourth moments are those of a Gaussian: E w_i^2 w_j^2 = 1, and
    3 where i = j. First-order variance of one side: 4 u'S1u/n + 2/n tr ((I - T) S1)^2, u the difference of means and T
    the transport map. Heavier tails have more of both. Where n <= d most of the bias is of higher orders and stays in.
    """
    value = gaussian_distance(a.mean, a.covariance, b.mean, b.covariance)
    if a.n is None or b.n is None:
        return GaussianEstimate(value, None, None)
    shift = a.mean - b.mean
    left, right = _root(a.covariance), _root(b.covariance)
    u, s, wt = np.linalg.svd(left.T @ right, full_matrices=False)
    keep = s > s.max(initial=0.0) * 1e-10
    s, u, w = s[keep], u[:, keep], wt[keep].T
    part = s[:, None] * s[None, :] / (s[:, None] + s[None, :]) if len(s) else np.zeros((0, 0))
    shortfall = part * (1 + np.eye(len(s))) / 4 * (1 / (a.n - 1) + 1 / (b.n - 1))
    S1, S2 = a.covariance, b.covariance
    bias = float(np.trace(S1) / a.n + np.trace(S2) / b.n + 2 * shortfall.sum())
    crossed = float((S1 * S2).sum())
    first = 0.0
    for S, root, turned, n in ((S1, left, u, a.n), (S2, right, w, b.n)):
        moved = float(np.square(root @ turned).sum(axis=0) @ s)  # tr T S S, as T S = R U s U' R^-1
        first += (4 * float(shift @ S @ shift) + 2 * (float((S * S).sum()) - 2 * moved + crossed)) / n
    mean_part = 2 * float(np.square(S1 / a.n + S2 / b.n).sum())
    both = 2 * shortfall
    second = mean_part + float(4 * np.square(both).sum() - 2 * np.square(np.diag(both)).sum())
    error = float(np.sqrt(max(first, 0.0) + second))
    interval = squared_interval(value - bias, error, second, method="Gaussian theory, both samples random")
    return GaussianEstimate(value, value - bias, interval)


def _root(covariance: Matrix) -> Float[np.ndarray, "d r"]:
    """R [d r] with R R' = covariance, r its rank."""
    return pivoted(covariance, share=len(covariance) * RANK).root()


def _within(covariance_x: Matrix, covariance_y: Matrix) -> Float[np.ndarray, "r r"]:
    """R' S2 R with R R' = S1, of which only the lower triangle need be right."""
    variances = np.diag(covariance_x)
    # A covariance's transpose is itself, in the order LAPACK reads: copying into that takes as long as factoring.
    factor, failed = lapack.dpotrf(covariance_x.T, lower=1, clean=0)
    pivots = np.square(np.diag(factor))
    if len(pivots) and not failed and pivots.min() > len(pivots) * RANK * variances.max():
        # The reduction of a generalized eigenproblem forms one triangle: half of what two triangular products take.
        half, _ = lapack.dsygst(covariance_y.T, factor, itype=2, lower=1)
        whole: np.ndarray = half
        return whole
    root = _root(covariance_x)
    made: np.ndarray = root.T @ (covariance_y @ root)
    return made
