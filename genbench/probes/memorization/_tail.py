"""The rare end of an attack: what a perfect model shows there, and when there are too few items to look."""

from __future__ import annotations

import math

from jaxtyping import Float, Int
from numpy import ndarray

from genbench.core.errors import NotApplicable
from genbench.core.score import Absent, Detail, Estimate
from genbench.stats.roc import tpr_at_fpr, tpr_at_fpr_interval

FPR = 0.01


def chance_tpr(negatives: int, fpr: float = FPR) -> float:
    """What positives that are like the negatives are expected to score: (k + 1) / (m + 1), with k = floor(fpr m).

    The threshold is the (k + 1)-th largest of m exchangeable negatives, and one more such value falls into each of
    the m + 1 gaps with the same probability. A little above `fpr`: 0.0133 at m = 300, 0.0110 at m = 1,000.
    """
    return (math.floor(fpr * negatives) + 1) / (negatives + 1)


def tail(
    positive: Float[ndarray, " n"],
    negative: Float[ndarray, " m"],
    *,
    clusters: Int[ndarray, " n"] | None = None,
    detail: Detail | None = None,
) -> Estimate | Absent:
    """TPR at 1 % FPR, its floor, and its interval, both sides random; Absent where the negatives cannot resolve 1 %.

    clusters: labels of positives that are no independent evidence and count together.
    """
    try:
        value = tpr_at_fpr(positive, negative, FPR)
    except NotApplicable as error:
        return Absent(str(error))
    interval = tpr_at_fpr_interval(positive, negative, FPR, clusters=clusters)
    return Estimate(value, len(positive), interval, chance_tpr(len(negative)), detail or Detail())
