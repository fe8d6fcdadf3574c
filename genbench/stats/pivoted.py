"""Cholesky with pivots: the root of a covariance, which ends where its rank does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import lapack, solve_triangular

Matrix = Float[np.ndarray, "d d"]


@dataclass(frozen=True, eq=False)
class Pivoted:
    """L [d r], lower trapezoidal, with L L' = S[order][:, order], r the rank of S.

    L is the lower triangle of the factor's first `rank` columns; what else stands in the factor means nothing.
    """

    factor: Matrix
    order: Int[np.ndarray, " d"]
    rank: int

    def lower(self) -> Float[np.ndarray, "d r"]:
        made: np.ndarray = np.tril(self.factor)[:, : self.rank]
        return made

    def root(self) -> Float[np.ndarray, "d r"]:
        """R [d r] with R R' = S."""
        made = np.zeros((len(self.factor), self.rank))
        made[self.order] = self.lower()
        return made

    def whitened(self, rows: Float[np.ndarray, "n d"], turn: Float[np.ndarray, "r q"]) -> Float[np.ndarray, "n q"]:
        """W turn, for W with W R' = rows; these lie in the range of S, so that r of their columns tell the rest."""
        r = self.rank
        inverse = np.zeros((len(self.factor), turn.shape[1]))
        inverse[self.order[:r]] = solve_triangular(self.factor[:r, :r], turn, trans=1, lower=True, check_finite=False)
        return rows @ inverse


def pivoted(covariance: Matrix, *, share: float) -> Pivoted:
    """share: a pivot below this share of the largest variance is rounding, and ends the factor."""
    d = len(covariance)
    largest = float(np.diag(covariance).max(initial=0.0))
    if largest <= 0:
        return Pivoted(np.zeros((d, d)), np.arange(d), 0)
    # The transpose is the same matrix, in the order LAPACK reads: copying into it takes as long as factoring.
    factor, pivots, rank, _ = lapack.dpstrf(covariance.T, tol=share * largest, lower=1)
    return Pivoted(factor, pivots.astype(np.int64) - 1, int(rank))
