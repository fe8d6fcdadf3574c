"""Estimate and interval of a truth that cannot be below 0 from a statistic that chance pushes up, by inverting it.

Distances and worst cases are such statistics: |p - q| of two samples of one distribution is not 0. Along a line of
truths t the statistic is simulated; the t at which the observed one is its median is the estimate, and those at which
it is its upper and its lower 2.5 % quantile are the ends of the interval (Neyman 1937).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

STEPS = 16


@dataclass(frozen=True)
class Inverted:
    """value: median-unbiased where the line is the right one. low, high: of the truth, at `level`. chance: the
    statistic's mean at t = 0, which is what chance alone shows."""

    value: float
    low: float
    high: float
    chance: float


def inverted(
    observed: float, simulate: Callable[[float], Float[np.ndarray, " draws"]], most: float, *, level: float = 0.95
) -> Inverted:
    """simulate: a truth in [0, most] -> draws of the statistic under it, whose quantiles rise with the truth.

    Quantiles are found at STEPS truths, made monotone and joined by straight lines. An observed value below what is
    likely at 0 gives 0, one above what is likely at `most` gives `most`.
    """
    truths = np.linspace(0.0, most, STEPS)
    tail = (1 - level) / 2
    draws = [simulate(float(t)) for t in truths]
    curves = np.array([np.quantile(d, [1 - tail, 0.5, tail]) for d in draws])
    low, value, high = (_crossing(observed, np.maximum.accumulate(curve), truths) for curve in curves.T)
    return Inverted(value, min(low, value), max(value, high), float(draws[0].mean()))


def _crossing(observed: float, curve: Float[np.ndarray, " steps"], truths: Float[np.ndarray, " steps"]) -> float:
    """The truth at which a rising curve reaches the observed value; among ties the last below it."""
    if observed <= curve[0]:
        return 0.0
    if observed >= curve[-1]:
        return float(truths[-1])
    i = int(np.searchsorted(curve, observed, side="left"))
    share = (observed - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(truths[i - 1] + share * (truths[i] - truths[i - 1]))
