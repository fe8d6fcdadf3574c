"""Fréchet distances of classes with too few items for covariances of their own: one covariance a side, for all of them.

    d_k^2 = |a_k - b_k|^2 + tr S + tr R - 2 tr (S^1/2 R S^1/2)^1/2

a_k and b_k are the means of class k on the two sides, S and R the covariances within classes, pooled as in linear
discriminant analysis, but on both sides in the classes' shares of real rows (see `classed`). What is left of the rows
when their class's mean is taken off, weighed so, has these covariances: the second part, the same for all classes, is
the Fréchet distance of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from genbench.core.evidence import Rng
from genbench.stats.classed import Classed, Within, shifts, within
from genbench.stats.frechet import extrapolated, frechet


@dataclass(frozen=True, eq=False)
class ClassDistances:
    """values: [k] d_k^2, bias taken off. errors, second_order: [k] of each alone; mean_error, mean_second: of the mean.

    shared: the covariances' part of every value, bias taken off; bias: what was taken off it, of an order that a small
    n for d leaves more of; means_noise: [k] variances of the other part, which is the classes' own. worth: how many
    rows the covariance of the worse side is worth: n - k for classes of one breadth in the real shares, else less.
    """

    values: Float[np.ndarray, " k"]
    errors: Float[np.ndarray, " k"]
    second_order: Float[np.ndarray, " k"]
    mean_error: float
    mean_second: float
    shared: float
    bias: float
    means_noise: Float[np.ndarray, " k"]
    worth: float

    @property
    def mean(self) -> float:
        return float(self.values.mean())


def class_distances(made: Classed, real: Classed, *, rng: Rng) -> ClassDistances:
    """d_k^2 of all classes, both sides random; see the formula above.

    The means' part and its variance are those of `shifts`: unbiased whatever the classes' covariances. The shared part
    is corrected as `extrapolated` corrects, and for the rows that a covariance is worth (`_bias`). The two depend on
    one another where features are skewed: with w the mean of all v_k = a_k - b_k, the mean of all d_k^2 is the Fréchet
    distance of what is left of the rows, one side moved by w, and mean |v_k - w|^2; so its error is that distance's,
    where the dependence is in the influences (w scaled for classes that differ in size, `_reach`). Of a single class
    the two errors are added up, which no dependence exceeds. Rows' influences are taken about their mean over all
    classes, which differs from class to class, but not by chance: where that shows, the error is rather too large.
    """
    own, other = within(made, real)
    means, k = shifts(own, other), len(own.sizes)
    x, y, S, R = own.rest, other.rest, own.covariance, other.covariance
    # As if the means of what is left had been drawn too, `frechet` counts their bias and noise; they are 0 by making.
    moved = (own.means - other.means).mean(axis=0) * np.sqrt(_reach(own) * _reach(other))
    found, shifted = extrapolated(x, y, rng=rng), frechet(x + moved, y)
    SS, SR, RR = float((S * S).sum()), float((S * R).sum()), float((R * R).sum())
    drawn = 2 * (SS / len(x) ** 2 + 2 * SR / (len(x) * len(y)) + RR / len(y) ** 2)
    by_shift = 4 * (float(moved @ S @ moved) / len(x) + float(moved @ R @ moved) / len(y))
    second = max(found.second_order - drawn, 0.0)
    alone = max(found.standard_error**2 - drawn, second)
    with_mean = max(shifted.standard_error**2 - drawn - by_shift, second)
    bias = _bias(own, other, found.value, found.bias)
    shared = found.value - bias
    return ClassDistances(
        values=means.values + shared, errors=np.sqrt(means.variances) + np.sqrt(alone),
        second_order=means.noise + second, mean_error=float(np.sqrt(means.variances.sum() / k**2 + with_mean)),
        mean_second=float(means.noise.sum() / k**2 + second), shared=shared, bias=bias, means_noise=means.variances,
        worth=1 / max(_unsure(own), _unsure(other)),
    )  # fmt: skip


def _unsure(side: Within) -> float:
    """1 / the rows that the pooled covariance is worth: of Wishart ones of n_k - 1 rows, as broad as the classes'."""
    return _pooled(side, side.sizes - 1)


def _pooled(side: Within, rows: Int[np.ndarray, " k"]) -> float:
    return float(((side.shares * side.breadths) ** 2 / rows).sum())


def _reach(side: Within) -> float:
    """How much more the mean of the classes' means depends on S than the mean of `rest` does.

    1 for classes of one breadth in the real shares. Of a row of class k the two means are 1 / (k n_k) and
    (p_k / (n n_k))^1/2 of it, and p_k / n_k goes into S.
    """
    skew = side.shares * side.breadths**1.5
    rows = np.sqrt(side.shares / side.sizes)
    with_rest = float((skew * rows).sum()) / np.sqrt(len(side.rest))
    return float((skew / side.sizes).sum()) / len(side.sizes) / with_rest if with_rest > 0 else 1.0


def _bias(own: Within, other: Within, value: float, counted: float) -> float:
    """The bias of the covariances' part, of what `frechet` counts for rows drawn each by itself from all classes.

    `frechet` counts a bias of the means, which are 0 by making. Of the rest, each side's is a sum over pairs of
    directions of w_ij (E z_i^2 z_j^2 - 1[i=j]) / n. The first of these has the classes' weights as it stands, but the
    divisor n_k of each where n_k - 1 is due. The 1, the square of an expectation, is due for each class by itself,
    `_unsure` in the place of 1/n; sum w_ii is an eighth of the sum of singular values, which the value tells.
    """
    sides = (own, other)
    root = max(own.trace + other.trace - value, 0.0) / 2
    due = sum(_unsure(side) for side in sides)
    seen = sum(_pooled(side, side.sizes) for side in sides)
    fourth = counted - sum(side.trace / len(side.rest) for side in sides)
    fourth += root / 4 * sum(1 / (len(side.rest) - 1) for side in sides)
    return fourth * due / seen - root / 4 * due
