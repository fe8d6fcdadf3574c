"""Maximum mean discrepancy as an exact U-statistic with its variance (Gretton et al. 2012; KID: arXiv:1801.01401)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from genbench.core.score import Interval
from genbench.stats.intervals import squared_interval

Sample = Float[np.ndarray, "n d"]
Other = Float[np.ndarray, "m d"]
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]

BLOCK = 1024


@dataclass(frozen=True)
class MmdEstimate:
    """value: unbiased MMD^2 (may be negative where the truth is near 0). standard_error: both samples random.

    second_order: the part of the variance that does not go away as the truth goes to 0.
    """

    value: float
    standard_error: float
    second_order: float

    def interval(self, level: float = 0.95) -> Interval:
        """Interval of the true MMD^2, both samples random: `squared_interval`."""
        method = "U-statistic variance, both samples random"
        return squared_interval(self.value, self.standard_error, self.second_order, level=level, method=method)


def polynomial(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """KID's kernel (x.y / d + 1)^3."""
    values: np.ndarray = (x @ y.T / x.shape[1] + 1.0) ** 3
    return values


def mmd(x: Sample, y: Other, kernel: Kernel = polynomial) -> MmdEstimate:
    """MMD^2 = mean_{i/=j} k(x_i,x_j) + mean_{i/=j} k(y_i,y_j) - 2 mean k(x_i,y_j) over all pairs, not over subsets.

    Variance: var of the rows' projections 2 (mean_j k(x_i,x_j) - mean_j k(x_i,y_j)), over n, likewise for y, plus the
    degenerate second-order part from the doubly centred kernel, which alone is left where the distributions agree.
    Memory is bounded by blocks of rows.
    """
    n, m = len(x), len(y)
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)  # a cube of single precision keeps too little
    if min(n, m) < 3:
        raise ValueError(f"the variance needs at least 3 rows on each side, got {n} and {m}")
    xx, xx_squares, xx_diagonal = _sums(x, x, kernel)
    yy, yy_squares, yy_diagonal = _sums(y, y, kernel)
    xy, xy_squares, _ = _sums(x, y, kernel)
    yx = _sums(y, x, kernel)[0]
    a, b = (xx - xx_diagonal) / (n - 1), (yy - yy_diagonal) / (m - 1)
    c, d = xy / m, yx / n
    value = float(a.mean() + b.mean() - 2 * c.mean())
    rest_xx = _centred(xx_squares - float(np.square(xx_diagonal).sum()), n * (n - 1), a, a)
    rest_yy = _centred(yy_squares - float(np.square(yy_diagonal).sum()), m * (m - 1), b, b)
    rest_xy = _centred(xy_squares, n * m, c, d)
    # The projections are themselves means of n or m terms; what that adds to their variance is taken off again.
    first_x = 4 * ((a - c).var(ddof=1) - rest_xx / (n - 1) - rest_xy / m) / n
    first_y = 4 * ((b - d).var(ddof=1) - rest_yy / (m - 1) - rest_xy / n) / m
    second = 2 * rest_xx / (n * (n - 1)) + 2 * rest_yy / (m * (m - 1)) + 4 * rest_xy / (n * m)
    return MmdEstimate(value, float(np.sqrt(max(first_x, 0.0) + max(first_y, 0.0) + second)), float(second))


def _centred(sum_of_squares: float, pairs: int, rows: np.ndarray, columns: np.ndarray) -> float:
    """Mean square of k_ij - r_i - c_j + mean: the part of the kernel that no row or column explains."""
    mean = rows.mean()
    return max(float(sum_of_squares / pairs - mean**2 - rows.var() - columns.var()), 0.0)


def _sums(x: np.ndarray, y: np.ndarray, kernel: Kernel) -> tuple[np.ndarray, float, np.ndarray]:
    """(row sums [n], sum of squares, diagonal [n]) of the kernel matrix, a block of rows at a time."""
    rows, squares, diagonal = [], 0.0, []
    for start, block in _blocks(x):
        k = kernel(block, y)
        rows.append(k.sum(axis=1))
        squares += float(np.square(k).sum())
        diagonal.append(np.diagonal(k, offset=start)[: len(block)] if len(x) == len(y) else np.empty(0))
    return np.concatenate(rows), squares, np.concatenate(diagonal)


def _blocks(x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    return ((start, x[start : start + BLOCK]) for start in range(0, len(x), BLOCK))
