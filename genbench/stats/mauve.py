"""Area under the divergence frontier of two histograms, and its standard error (Pillutla et al. 2021, 2102.01454)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

SCALE = 5.0  # c of the paper: how fast a divergence is forgiven
WEIGHTS = np.linspace(1e-6, 1 - 1e-6, 25)  # of the mixtures on the frontier


def frontier(p: Float[np.ndarray, "*r k"], q: Float[np.ndarray, "*r k"]) -> Float[np.ndarray, "*r m 2"]:
    """Points (exp(-c KL(Q | R)), exp(-c KL(P | R))) of R = w P + (1 - w) Q, between the ends (1, 0) and (0, 1)."""
    w = WEIGHTS[:, None]
    r = w * p[..., None, :] + (1 - w) * q[..., None, :]  # [*r m k]
    points = np.stack([_kl(q[..., None, :], r), _kl(p[..., None, :], r)], axis=-1)
    inside = np.exp(-SCALE * points)
    ends = np.broadcast_to(np.array([[1.0, 0.0], [0.0, 1.0]]), (*inside.shape[:-2], 2, 2))
    return np.concatenate([ends[..., :1, :], inside, ends[..., 1:, :]], axis=-2)


def area(p: Float[np.ndarray, "*r k"], q: Float[np.ndarray, "*r k"]) -> Float[np.ndarray, "*r"]:
    """MAUVE of histograms: the mean of the areas by either axis (trapezoids). 1 where they agree, near 0 apart."""
    curve = frontier(p, q)
    return np.asarray(0.5 * (_under(curve[..., 0], curve[..., 1]) + _under(curve[..., 1], curve[..., 0])))


def of_counts(a: Int[np.ndarray, " k"], b: Int[np.ndarray, " k"]) -> tuple[float, float]:
    """(MAUVE, standard error) of two samples' counts by cell: jackknife over the items of both, the cells given."""
    value = float(area(a / a.sum(), b / b.sum()))
    variance = 0.0
    for own, other, swapped in ((a, b, False), (b, a, True)):
        met = np.flatnonzero(own)
        n = int(own.sum())
        less = np.repeat(own[None].astype(np.float64), len(met), axis=0)  # one item of that cell taken away
        less[np.arange(len(met)), met] -= 1
        less /= n - 1
        rest = np.broadcast_to(other / other.sum(), less.shape)
        left = area(rest, less) if swapped else area(less, rest)
        mean = float((left * own[met]).sum() / n)
        variance += (n - 1) / n * float((own[met] * np.square(left - mean)).sum())
    return value, float(np.sqrt(variance))


def _kl(p: Float[np.ndarray, "... k"], q: Float[np.ndarray, "*r k"]) -> Float[np.ndarray, "*r"]:
    """sum_k p log(p / q), in nats; q is a mixture with p, so it is 0 nowhere that p is not."""
    p, q = np.broadcast_arrays(p, q)
    terms = np.zeros(p.shape)
    np.log(np.divide(p, q, out=np.ones(p.shape), where=p > 0), out=terms, where=p > 0)
    return np.asarray((p * terms).sum(axis=-1))


def _under(x: Float[np.ndarray, "*r m"], y: Float[np.ndarray, "*r m"]) -> Float[np.ndarray, "*r"]:
    """Area under points, by trapezoids, in the order of x."""
    order = np.argsort(x, axis=-1, kind="stable")
    x, y = np.take_along_axis(x, order, -1), np.take_along_axis(y, order, -1)
    return np.asarray((np.diff(x, axis=-1) * (y[..., 1:] + y[..., :-1]) / 2).sum(axis=-1))
