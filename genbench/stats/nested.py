"""Is this checkpoint better, or this family? Training noise kept apart from sampling noise, few trainings as units.

    y_j = mu + b_j + e_j,   j = 1..k trainings,   b_j ~ (0, tau^2) training,   e_j ~ (0, s_j^2) sampling

A checkpoint's own interval knows e_j alone. It says how good these weights are, and nothing of what training again
would give; that needs trainings that differ in their seed and in nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import gammaincinv, stdtrit

from genbench.core.score import Better, Interval
from genbench.stats.compare import Comparison, decided, turned

LEVEL = 0.95
NORMAL = 1e6  # degrees of freedom beyond which Student's t is the normal to a computer


@dataclass(frozen=True)
class Nested:
    """A family's mean over k trainings. interval: of mu, what training again would give on average.

    sampling, training: standard deviations of e_j and b_j, in the metric's unit. training_interval: of tau; its low
    end is 0 where sampling noise alone may have made the members differ.
    """

    mean: float
    interval: Interval
    sampling: float
    training: float
    training_interval: Interval
    k: int


def nested(values: Sequence[float], errors: Sequence[float], *, shared: float | None = 0.0) -> Nested:
    """One family from its members' values [k] and their standard errors [k]; k is at least 2.

    tau^2 = max(0, S^2 - (mean s_j^2 - shared)), S^2 the members' sample variance: the one-way random-effects estimate
    (Searle, Casella and McCulloch 1992, section 3.6), which for members with n items each is (MSB - MSW) / n.

    shared: variance of a sampling error that all members have in common (the same held-out items); None: not known, and
    every claim is then made as if it were whatever claims least.

    Interval of mu: trainings and samples random. Student's with the members as units, k - 1 degrees of freedom and S /
    sqrt k: whatever made members differ is in S. What they share is not, and is added, var = S^2 / k + shared, with
    Satterthwaite's degrees of freedom. Interval of tau: (k - 1) S^2 / chi^2 with the sampling part taken off, s_j as
    known; exact for normal members, and wide: from 3 trainings its upper end is 6 times S.
    """
    if len(values) != len(errors) or len(values) < 2:
        raise ValueError(f"training noise needs 2 or more members with their errors, got {len(values)}, {len(errors)}")
    y, k = np.asarray(values, np.float64), len(values)
    squares = float(np.mean(np.square(errors)))
    spread = float(y.var(ddof=1))
    least = 0.0 if shared is None else max(0.0, squares - shared)  # of a member's own sampling part
    most = squares if shared is None else least
    error, df = _error([(spread, k)], squares if shared is None else shared)
    reach = float(stdtrit(df, 0.5 + LEVEL / 2)) * error
    quantiles = [2 * float(gammaincinv((k - 1) / 2, 0.5 + side * LEVEL / 2)) for side in (1, -1)]
    low, high = (
        math.sqrt(max(0.0, (k - 1) * spread / q - own)) for q, own in zip(quantiles, (most, least), strict=True)
    )
    mean = float(y.mean())
    return Nested(
        mean,
        Interval(mean - reach, mean + reach, LEVEL, f"{k} trainings as units, items shared by them counted once"),
        math.sqrt(squares),
        math.sqrt(max(0.0, spread - most)),
        Interval(low, high, LEVEL, "chi-square, sampling part taken off"),
        k,
    )  # fmt: skip


def compare_families(
    a: Sequence[float], b: Sequence[float], *, better: Better, margin: float = 0.0, shared: float = 0.0
) -> Comparison:
    """Is family B better than family A, whichever member one gets? Values of trainings [k], [l], 2 or more each.

    Welch's t with trainings as units: var = S_a^2 / k + S_b^2 / l + shared, Welch-Satterthwaite degrees of freedom;
    shared: variance of what sampling adds to the difference in all members alike. Trainings and samples are random.
    n and n_needed count trainings, both families together. A target is one for the family's mean.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError(f"a family is judged by 2 or more trainings, got {len(a)} and {len(b)}")
    x, y = (turned(np.asarray(side, np.float64), better) for side in (a, b))
    error, df = _error([(float(side.var(ddof=1)), len(side)) for side in (x, y)], shared)
    n = len(x) + len(y)
    method = f"{len(x)} against {len(y)} trainings as units, Welch's t"
    return decided(float(y.mean() - x.mean()), error, n, margin, method, df=max(1, math.floor(df)))


def shared_variance(values: Float[np.ndarray, "k n"]) -> float:
    """Variance of the sampling error that k members have in common, from their values at the same n items.

    The mean over pairs of members of cov_i(v_ij, v_il) / n: what the items alone do to every member's mean; at least 0.
    """
    k, n = values.shape
    covariance = np.cov(values)
    return max(0.0, float((covariance.sum() - np.trace(covariance)) / (k * (k - 1) * n)))


def shared_difference(a: Float[np.ndarray, "k n"], b: Float[np.ndarray, "l n"]) -> float:
    """The same of a difference of two families' means at the same n items: shared parts of each, less what both share.

    c_aa + c_bb - 2 c_ab with c the mean cross-member covariance of means; at least 0.
    """
    n = a.shape[1]
    both = float(np.cov(np.vstack([a, b]))[: len(a), len(a) :].mean()) / n
    found: float = shared_variance(a) + shared_variance(b) - 2 * both
    return max(0.0, found)


def _error(parts: Sequence[tuple[float, int]], shared: float) -> tuple[float, float]:
    """(standard error, degrees of freedom) of a sum of means with variances S^2 over k; `shared` counts as known.
    Satterthwaite's, never fewer than the smaller family's. Trainings that do not differ at all leave what is known."""
    terms = [(spread / k, k - 1) for spread, k in parts]
    whole = sum(term for term, _ in terms) + shared
    least = float(min(df for _, df in terms))
    spent = sum(term**2 / df for term, df in terms)
    return math.sqrt(whole), min(NORMAL, max(least, float(whole**2 / spent))) if spent > 0 else NORMAL
