"""Groups of points that all lie within one reach of one another."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist

from genbench.stats.neighbours import nearest

APART = 2.0  # times how far a group reaches about its medoid, within which nothing else may lie
BLOCK = 512  # rows whose distances are held at once


def cliques(x: Float[np.ndarray, "n d"], reach: float, least: int) -> list[Int[np.ndarray, " _"]]:
    """Disjoint groups of `least` points or more, any two of which are at most `reach` apart; each as rows of x, sorted.

    Euclidean distances. Greedy: the untaken point whose (least - 1)-th neighbour is nearest gathers untaken points
    from the nearest on, each that is within reach of all gathered so far; a group that is large enough is taken. The
    largest cliques are hard to find (Karp 1972), and this may miss some: how many points lie in a group is a lower
    bound. Found whole is every set of `least` or more equal points, and whatever lies within half the reach of a point
    that gathers. Groups stand in the order in which they were gathered, the tightest first.
    """
    if least < 2:
        raise ValueError(f"a clique has 2 points at least, asked for {least}")
    if len(x) < least:
        return []
    last = nearest(x, x, least - 1, exclude_self=True)[0][:, -1]
    open_rows = np.flatnonzero(last <= reach)  # all others have too few points within reach
    open_rows = open_rows[np.argsort(last[open_rows], kind="stable")]
    free = np.ones(len(open_rows), dtype=bool)
    found: list[Int[np.ndarray, " _"]] = []
    for first in range(len(open_rows)):
        if not free[first]:
            continue
        rows = open_rows[free]
        away = np.sqrt(np.square(x[rows] - x[open_rows[first]]).sum(axis=1))
        order = np.argsort(away, kind="stable")
        order = order[away[order] <= reach]
        inside = gathered(x[rows[order]], away[order], reach)
        if len(inside) >= least:
            group = rows[order[inside]]
            found.append(np.sort(group))
            free[np.isin(open_rows, group)] = False
    return found


def alone(x: Float[np.ndarray, "n d"], group: Int[np.ndarray, " m"]) -> bool:
    """Whether a group of rows of x stands by itself: nothing else is near its medoid.

    That is, nothing outside lies nearer to the medoid than APART times the distance of the group's farthest. Points
    that are merely dense, however small the reach beside which they are, have others about them and do not.
    """
    centre = x[group[medoid(x[group])]]
    away = np.sqrt(np.square(x - centre).sum(axis=1))
    outside = np.delete(away, group)
    return not len(outside) or bool(outside.min() >= APART * away[group].max())


def gathered(
    x: Float[np.ndarray, "m d"], away: Float[np.ndarray, " m"], reach: float
) -> Int[np.ndarray, " _"]:  # fmt: skip
    """Places in x, nearest to the first point first (`away` [m] are the distances), within reach of all before.

    Points within half the reach of the first are so by the triangle inequality, and are not measured.
    """
    sure = int(np.searchsorted(away, reach / 2, side="right"))
    inside = list(range(sure))
    fits = np.ones(len(x) - sure, dtype=bool)
    for at in range(0, sure, BLOCK):
        fits &= (cdist(x[sure:], x[at : min(at + BLOCK, sure)]) <= reach).all(axis=1)
    while fits.any():
        next_in = int(fits.argmax())
        inside.append(sure + next_in)
        fits[next_in] = False
        fits &= cdist(x[sure:], x[sure + next_in][None])[:, 0] <= reach
    return np.array(inside, dtype=np.int64)


def medoid(x: Float[np.ndarray, "m d"]) -> int:
    """The row whose distances to the others have the least sum; the first of equals."""
    sums = np.concatenate([cdist(x[at : at + BLOCK], x).sum(axis=1) for at in range(0, len(x), BLOCK)])
    return int(sums.argmin())
