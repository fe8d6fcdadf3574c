"""Where a series of measurements changed its level: binary segmentation on values with known errors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from genbench.core.score import Interval

ALPHA = 0.05
PLACE = NormalDist().inv_cdf(0.975) ** 2  # a likelihood ratio that is 95 % of a chi-square of one degree


@dataclass(frozen=True)
class Change:
    """The level moved between runs at - 1 and at. before, after: means of the two segments beside it, with intervals.

    p_value: corrected for all places where the series could have changed.
    """

    at: int
    before: Interval
    after: Interval
    p_value: float


def changes(
    values: Sequence[float], errors: Sequence[float], *, alpha: float = ALPHA, narrowing: bool = True
) -> tuple[Change, ...]:
    """Change-points of a series of n values with standard errors, in order.

    Binary segmentation (Scott and Knott 1974; Vostrikova 1981): of all places k to split a segment, the one with the
    largest |z_k| is a change where its p-value, times the n - 1 places of the whole series, lies below alpha (Holm's
    first step); then both halves are split in turn.

        z_k = (mean right of k - mean left of k) / sqrt(se_left^2 + se_right^2),   se^2 = sum_i se_i^2 / m^2

    Segments share no place, and each is charged for all n - 1, so false changes anywhere are rarer than alpha. Errors
    count as independent and normal, which is cautious where runs share their reference items. Runs that repeat each
    other exactly (same value, same error) hold no new chance and count once in a segment. narrowing=False is for
    bounds of a meter, which more runs do not narrow: se^2 is then the segment's mean of se_i^2.
    A level's interval holds wherever else the changes beside it may lie, as their places are found in the same values.
    `ValueError` where lengths differ or an error is negative or not finite.
    """
    if len(values) != len(errors):
        raise ValueError(f"{len(values)} values, but {len(errors)} errors")
    if any(not math.isfinite(x) for x in (*values, *errors)) or any(error < 0 for error in errors):
        raise ValueError("values must be finite, and errors neither negative nor infinite")
    runs = list(zip(map(float, values), map(float, errors), strict=True))
    found: dict[int, float] = {}
    waiting = [(0, len(runs))]
    while waiting:
        start, end = waiting.pop()
        # by z, as p-values of large steps are all 0 to a computer
        z, at = max(((_z(runs[start:k], runs[k:end], narrowing), k) for k in range(start + 1, end)), default=(0.0, 0))
        p_value = min(1.0, math.erfc(z / math.sqrt(2)) * (len(runs) - 1))
        if at and p_value < alpha:
            found[at] = p_value
            waiting += [(start, at), (at, end)]
    if not found:
        return ()
    ends = [0, *sorted(found), len(runs)]
    places = [[0], *(_places(runs, *around, narrowing) for around in zip(ends, ends[2:], strict=False)), [len(runs)]]
    levels = [_interval(runs, here, beside, narrowing) for here, beside in zip(pairwise(ends), pairwise(places))]
    return tuple(Change(at, levels[i], levels[i + 1], found[at]) for i, at in enumerate(sorted(found)))


def _level(segment: Sequence[tuple[float, float]], narrowing: bool) -> tuple[float, float]:
    """(mean, its standard error) of what is distinct in a segment."""
    runs = list(dict.fromkeys(segment))
    squares = sum(error**2 for _, error in runs)
    m = len(runs)
    return sum(value for value, _ in runs) / m, math.sqrt(squares) / m if narrowing else math.sqrt(squares / m)


def _places(runs: Sequence[tuple[float, float]], start: int, end: int, narrowing: bool) -> list[int]:
    """Where the change between start and end may as well lie: z_k^2 falls short of the best by no more than PLACE."""
    z = {k: _z(runs[start:k], runs[k:end], narrowing) for k in range(start + 1, end)}
    best = max(z.values())
    return [k for k, own in z.items() if own == best or best**2 - own**2 <= PLACE]


def _interval(
    runs: Sequence[tuple[float, float]], ends: tuple[int, int], places: tuple[list[int], list[int]], narrowing: bool
) -> Interval:
    """About the mean of the runs between the ends; as wide as it takes wherever else the changes beside it may lie."""
    mean, _ = _level(runs[slice(*ends)], narrowing)
    reach = 0.0
    for start, end in itertools.product(*places):
        if start < end:
            other, error = _level(runs[start:end], narrowing)
            reach = max(reach, abs(other - mean) + NormalDist().inv_cdf(0.975) * error)
    return Interval(mean - reach, mean + reach, 0.95, "mean of the runs between two changes, wherever these may lie")


def _z(left: Sequence[tuple[float, float]], right: Sequence[tuple[float, float]], narrowing: bool) -> float:
    """|z_k|; infinite where values without any error differ."""
    (a, error_a), (b, error_b) = _level(left, narrowing), _level(right, narrowing)
    error = math.hypot(error_a, error_b)
    if error == 0:
        return 0.0 if a == b else math.inf
    return abs(b - a) / error
