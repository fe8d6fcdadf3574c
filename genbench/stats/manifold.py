"""Precision, recall, density and coverage of large samples, exactly, in the memory of a few blocks of distances.

Squared distances come from float32 matrix products, with a bound on what rounding can have done to each. Wherever that
bound leaves a comparison open, the distance is computed again from differences in float64, so that every comparison
comes out as it would with all distances exact: copies are at 0 and ties are ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Sample = Float[np.ndarray, "n d"]
Other = Float[np.ndarray, "m d"]
BLOCK = 1024
SPARE = 8  # candidates kept beyond the k nearest; where rounding could have hidden one, the row is computed whole
PAIRS = 1024  # distances computed from differences at once: 16 MB at d = 2048
UNIT = float(np.finfo(np.float32).eps) / 2


@dataclass(frozen=True)
class Rounded:
    """Rows moved to a common centre, in float32, with squared norms. slack [n] bounds the error of any squared
    distance to a point of norm at most `reach`: (d + 32) units in the last place of (|z| + reach)^2."""

    rows: np.ndarray
    squares: np.ndarray

    def slack(self, reach: float) -> Float[np.ndarray, " n"]:
        made: np.ndarray = (self.rows.shape[1] + 32) * UNIT * np.square(np.sqrt(self.squares) + reach)
        return made

    @property
    def reach(self) -> float:
        return float(np.sqrt(self.squares.max(initial=0.0)))


def rounded(x: Sample, centre: Float[np.ndarray, " d"]) -> Rounded:
    rows = np.empty(x.shape, np.float32)
    for part in _blocks(len(x)):
        rows[part] = x[part] - centre
    return Rounded(rows, np.einsum("nd,nd->n", rows, rows, dtype=np.float64))


def scores(real: Sample, fake: Other, k: int) -> dict[str, float]:
    """The four scores of two samples, each with more than k rows; as `Balls.scores` of all distances."""
    centre = real.mean(axis=0, dtype=np.float64)
    radius_real, radius_fake = radii(real, centre, k), radii(fake, centre, k)
    z = rounded(fake, centre)
    covered = np.zeros(len(real), bool)
    recalled = np.zeros(len(real), bool)
    precise = np.zeros(len(fake), bool)
    held = 0
    for part in _blocks(len(real)):
        block = rounded(real[part], centre)
        squares = _squared(block, z)
        inside = _within(squares, np.square(radius_real[part])[:, None], block.slack(z.reach)[:, None])
        _settle(inside, real[part], fake, radius_real[part][inside.doubtful[0]])
        held += int(np.count_nonzero(inside.sure))
        covered[part] = inside.sure.any(axis=1)
        precise |= inside.sure.any(axis=0)
        inside = _within(squares, np.square(radius_fake)[None, :], z.slack(block.reach)[None, :])
        _settle(inside, real[part], fake, radius_fake[inside.doubtful[1]])
        recalled[part] = inside.sure.any(axis=1)
    return {
        "precision": float(precise.mean()),
        "recall": float(recalled.mean()),
        "density": held / (k * len(fake)),
        "coverage": float(covered.mean()),
    }


def radii(x: Sample, centre: Float[np.ndarray, " d"], k: int) -> Float[np.ndarray, " n"]:
    """Exact distance of each row to its k-th nearest other row."""
    if len(x) <= k:
        raise ValueError(f"asked for {k} neighbours among {len(x) - 1} points")
    z = rounded(x, centre)
    kept = min(k + SPARE, len(x) - 1)
    near, which = _candidates(z, kept)
    # True squares lie within `slack` of the rounded ones: only candidates that near to the k-th can be the k-th.
    reach, kth = 2 * z.slack(z.reach)[:, None], np.partition(near, k - 1, axis=1)[:, k - 1 : k]
    exact = np.where(near < kth - reach, -np.inf, np.inf)
    rows, columns = np.nonzero((near >= kth - reach) & (near <= kth + reach))
    for part in _blocks(len(rows), PAIRS):
        i, j = rows[part], columns[part]
        exact[i, j] = _distance(x[i], x[which[i, j]])
    made: np.ndarray = np.partition(exact, k - 1, axis=1)[:, k - 1]
    doubtful = (near.max(axis=1) <= (kth + reach)[:, 0]) & (kept < len(x) - 1)
    for row in np.flatnonzero(doubtful):
        made[row] = np.partition(np.delete(_to_all(x[row], x), row), k - 1)[k - 1]
    return made


def _candidates(z: Rounded, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """(squared distances, indices) of the `kept` nearest others by rounded distance; each pair is computed once."""
    n = len(z.rows)
    near, which = np.full((n, kept), np.inf, np.float32), np.zeros((n, kept), np.int64)
    blocks = list(_blocks(n, max(BLOCK, kept + 1)))
    if len(blocks) > 1 and blocks[-1].stop - blocks[-1].start <= kept:  # a rest too short to begin with
        blocks[-2:] = [slice(blocks[-2].start, n)]
    for part in blocks:
        own = _squared(_part(z, part), _part(z, part))
        np.fill_diagonal(own, np.inf)
        best = np.argpartition(own, kept - 1, axis=1)[:, :kept]
        near[part], which[part] = np.take_along_axis(own, best, axis=1), best + part.start
    for i, left in enumerate(blocks):
        for right in blocks[i + 1 :]:
            squares = _squared(_part(z, left), _part(z, right))
            for part, other, block in ((left, right, squares), (right, left, squares.T)):
                rows, columns = np.nonzero(block < near[part].max(axis=1)[:, None])
                near[part], which[part] = _merged(
                    near[part], which[part], rows, columns + other.start, block[rows, columns]
                )
    return near, which


def _merged(
    near: np.ndarray, which: np.ndarray, rows: np.ndarray, indices: np.ndarray, squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of those kept [b q] and of newcomers given as (row, index, squared distance)."""
    b, kept = near.shape
    owner = np.concatenate([np.repeat(np.arange(b), kept), rows])
    value, index = np.concatenate([near.reshape(-1), squares]), np.concatenate([which.reshape(-1), indices])
    order = np.lexsort((value, owner))
    first = np.searchsorted(owner[order], np.arange(b))
    chosen = order[(first[:, None] + np.arange(kept)[None, :]).reshape(-1)]
    return value[chosen].reshape(b, kept), index[chosen].reshape(b, kept)


@dataclass(frozen=True)
class Inside:
    """sure [n m]: within the radius beyond doubt. doubtful: (rows, columns) of those that rounding leaves open."""

    sure: np.ndarray
    doubtful: tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]


def _within(squares: np.ndarray, limit: np.ndarray, slack: np.ndarray) -> Inside:
    sure = squares <= (limit - slack).astype(np.float32)
    open_ = squares <= np.nextafter((limit + slack).astype(np.float32), np.float32(np.inf))
    open_ ^= sure
    rows, columns = np.nonzero(open_)
    return Inside(sure, (rows, columns))


def _settle(inside: Inside, real: np.ndarray, fake: np.ndarray, radius: np.ndarray) -> None:
    """Decides the doubtful pairs by exact distances."""
    rows, columns = inside.doubtful
    for part in _blocks(len(rows), PAIRS):
        inside.sure[rows[part], columns[part]] = _distance(real[rows[part]], fake[columns[part]]) <= radius[part]


def _squared(a: Rounded, b: Rounded) -> Float[np.ndarray, "n m"]:
    """float32 |a|^2 + |b|^2 - 2 a.b of every pair."""
    made: np.ndarray = a.rows @ b.rows.T
    made *= -2
    made += b.squares.astype(np.float32)[None, :]
    made += a.squares.astype(np.float32)[:, None]
    return made


def _distance(x: Float[np.ndarray, "p d"], y: Float[np.ndarray, "p d"]) -> Float[np.ndarray, " p"]:
    """Euclidean distance of rows in pairs, from differences in float64; the same bits whichever way round."""
    difference = np.subtract(x, y, dtype=np.float64)
    made: np.ndarray = np.sqrt(np.square(difference, out=difference).sum(axis=1))
    return made


def _to_all(point: Float[np.ndarray, " d"], x: Sample) -> Float[np.ndarray, " n"]:
    return np.concatenate([_distance(x[p], np.broadcast_to(point, x[p].shape)) for p in _blocks(len(x), PAIRS)])


def _part(z: Rounded, part: slice) -> Rounded:
    return Rounded(z.rows[part], z.squares[part])


def _blocks(n: int, size: int = 0) -> Iterator[slice]:
    size = size or BLOCK
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
