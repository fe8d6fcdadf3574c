"""Intervals of a detector by one number that is asked about a model it was not fitted for: of that detector's AUC."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case
from genbench.stats.roc import auc
from genbench.stats.tells import Side, learned

SIZE = 160  # items a side; half of the pairs are fitted on
EVEN = norm.ppf((np.arange(2000) + 0.5) / 2000)  # a normal distribution, as 2,000 numbers


def _carried(own: float, other: float) -> Callable[[Rng], Interval | None]:
    """Real items score N(0, 1), the detector's own model N(own, 1), and the one it is asked about N(other, 1)."""

    def draw(rng: Rng) -> Interval | None:
        tell = learned(_side(rng, own), _side(rng, 0.0), rng)
        found = tell.about(_side(rng, other), rng)
        truth = auc(*(tell.judge.decision_function((EVEN + moved)[:, None]) for moved in (other, 0.0)))
        return None if found is None else Interval(found.interval.low - truth, found.interval.high - truth)

    return draw


def _side(rng: Rng, moved: float) -> Side:
    return Side(rng.normal(moved, 1.0, SIZE), np.full(SIZE, 100, dtype=np.int64))


CASES = (
    Case("DeLong of a tell that was fitted on others", "outputs moved further, past the truth of that tell", 0.0,
         _carried(0.5, 1.0), ("misuse.likelihood_tell.auc", "misuse.rank_tell.auc")),
    Case("DeLong of a tell that was fitted on others", "outputs moved the other way, past the truth of that tell", 0.0,
         _carried(0.5, -0.5), ("misuse.likelihood_tell.auc", "misuse.rank_tell.auc")),
)  # fmt: skip
