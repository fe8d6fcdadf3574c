"""Is one model better than another? Better, worse, same within the margin, or cannot tell and what n would."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Shaped
from scipy import stats as scipy_stats

from genbench.core.score import Better, Interval, Toward
from genbench.stats.intervals import mean_interval

Answer: TypeAlias = Literal["better", "worse", "same", "cannot tell"]


@dataclass(frozen=True)
class Comparison:
    """What B is beside A. difference: B - A in the metric's unit. n_needed: items that would decide, where known."""

    answer: Answer
    difference: float
    interval: Interval
    p_value: float
    n: int
    n_needed: int | None
    method: str


def compare_paired(
    a: Float[np.ndarray, " n"],
    b: Float[np.ndarray, " n"],
    *,
    better: Better,
    margin: float = 0.0,
    clusters: Shaped[np.ndarray, " n"] | None = None,
) -> Comparison:
    """Items shared by both runs: Student's t on the differences, by cluster where given; items are random."""
    differences = _badness(b, better) - _badness(a, better)
    interval = mean_interval(differences, clusters=clusters)
    m = len(np.unique(clusters)) if clusters is not None else len(differences)
    error = (interval.high - interval.low) / 2 / float(scipy_stats.t.ppf(0.975, m - 1))
    return _decide(float(differences.mean()), error, m, margin, f"paired over {m} shared items", df=m - 1)


def compare_separate(
    a: tuple[float, Interval], b: tuple[float, Interval], n: int, *, better: Better, margin: float = 0.0
) -> Comparison:
    """No shared items: both intervals as independent and normal."""
    worse_by = float(_badness(np.array([b[0]]), better)[0] - _badness(np.array([a[0]]), better)[0])
    error = math.hypot(_standard_error(a[1]), _standard_error(b[1]))
    return _decide(worse_by, error, n, margin, "independent samples", df=None)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (1979): family-wise error held without assumptions."""
    order = np.argsort(p_values)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[int(index)]))
        adjusted[int(index)] = highest
    return adjusted


def corrected(comparisons: Sequence[Comparison], alpha: float = 0.05) -> list[Comparison]:
    """The same comparisons, with "better" and "worse" taken back where Holm's correction does not let them stand."""
    adjusted = holm([c.p_value for c in comparisons])
    return [
        replace(c, p_value=p, answer="cannot tell" if c.answer in ("better", "worse") and p >= alpha else c.answer)
        for c, p in zip(comparisons, adjusted, strict=True)
    ]


def _badness(values: np.ndarray, better: Better) -> np.ndarray:
    """Values turned so that lower is better."""
    if isinstance(better, Toward):
        return np.abs(values - better.target)
    return values if better == "lower" else -values


def _standard_error(interval: Interval) -> float:
    return (interval.high - interval.low) / 2 / NormalDist().inv_cdf(0.5 + interval.level / 2)


def _decide(worse_by: float, error: float, n: int, margin: float, method: str, *, df: int | None) -> Comparison:
    """Two-sided test for a difference, and two one-sided tests (Schuirmann 1987) for sameness within the margin."""
    spread = scipy_stats.t(df) if df else scipy_stats.norm()
    z = float(spread.ppf(0.975))
    interval = Interval(worse_by - z * error, worse_by + z * error, 0.95, method)
    p_value = float(2 * spread.sf(abs(worse_by) / error)) if error > 0 else float(worse_by == 0)
    reach_90 = float(spread.ppf(0.95)) * error
    n_needed = None
    answer: Answer = "cannot tell"
    if margin > 0 and abs(worse_by) + reach_90 < margin:
        answer = "same"
    elif p_value < 0.05 and abs(worse_by) > margin:
        answer = "worse" if worse_by > 0 else "better"
    elif worse_by == 0 and error == 0:
        answer = "same"
    else:
        # n for 80 % power at the difference seen, or at the margin where that is larger
        effect = max(abs(worse_by), margin)
        if effect > 0 and error > 0:
            n_needed = math.ceil(n * ((1.96 + 0.84) * error / effect) ** 2)
            n_needed = max(n_needed, n + 1)
    return Comparison(answer, worse_by, interval, p_value, n, n_needed, method)
