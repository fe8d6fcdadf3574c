"""A share as a judge sees it who errs, and the share behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Int

from genbench.core.errors import NotApplicable
from genbench.core.score import Interval
from genbench.stats.intervals import wilson

CLEAR_OF_CHANCE = 2.0  # how many times its own error a judge's hits less false alarms must be


@dataclass(frozen=True)
class Judge:
    """How a judge did on labelled examples: of `hits + misses` that are so, and of `alarms + quiet` that are not."""

    hits: int
    misses: int
    alarms: int
    quiet: int

    @classmethod
    def of(cls, confusion: Int[np.ndarray, "k k"], positive: list[int]) -> Judge:
        """Two classes of many: `positive` and the rest; rows of the confusion are true, columns said."""
        so = np.isin(np.arange(len(confusion)), positive)
        hits, misses = confusion[np.ix_(so, so)].sum(), confusion[np.ix_(so, ~so)].sum()
        alarms, quiet = confusion[np.ix_(~so, so)].sum(), confusion[np.ix_(~so, ~so)].sum()
        return cls(int(hits), int(misses), int(alarms), int(quiet))

    def told_apart(self, what: str) -> None:
        """`NotApplicable` where it was not tried on both, or hits - false alarms is within twice its error."""
        so, other = self.hits + self.misses, self.alarms + self.quiet
        if not (so and other):
            raise NotApplicable(f"the judge was never tried on {what} and the rest, so its mistakes there are unknown")
        hits, alarms = self.hits / so, self.alarms / other
        error = math.sqrt(hits * (1 - hits) / so + alarms * (1 - alarms) / other)
        if hits - alarms <= max(CLEAR_OF_CHANCE * error, 0.02):
            raise NotApplicable(
                f"the judge cannot tell {what} from the rest: {self.hits} of {so} found, {self.alarms} of {other} "
                "falsely so called"
            )


def share_behind(said: float, n: float, judge: Judge | None) -> float:
    """(said/n - false alarms) / (hits - false alarms), in [0, 1] (Rogan and Gladen 1978); said/n without a judge."""
    if judge is None:
        return said / n
    hits = judge.hits / (judge.hits + judge.misses)
    alarms = judge.alarms / (judge.alarms + judge.quiet)
    return min(1.0, max(0.0, (said / n - alarms) / (hits - alarms)))


def behind_interval(said: float, n: float, judge: Judge | None, level: float = 0.95) -> Interval:
    """Of the share behind `said` of `n`: the n items and the judge's labelled examples are random.

    Lang and Reiczigel (2014, doi:10.1016/j.prevetmed.2013.09.015): pseudo-counts z^2/2 to the said share and one each
    to hits, misses, false alarms and quiet; the centre is moved by 2 z^2 times the difference of the judge's two
    variances, weighted by the share and its rest. Without a judge's mistakes to count, Wilson's.
    """
    if judge is None:
        return wilson(said, n, level)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    so, other, size = judge.hits + judge.misses + 2, judge.alarms + judge.quiet + 2, n + z * z
    hit, quiet, seen = (judge.hits + 1) / so, (judge.quiet + 1) / other, (said + z * z / 2) / size
    reach = hit + quiet - 1
    p = (seen + quiet - 1) / reach
    of_hits, of_quiet = hit * (1 - hit) / so, quiet * (1 - quiet) / other
    centre = p + 2 * z * z * (p * of_hits - (1 - p) * of_quiet)
    error = z * math.sqrt(seen * (1 - seen) / size + p * p * of_hits + (1 - p) ** 2 * of_quiet) / reach
    low, high = min(1.0, max(0.0, centre - error)), max(0.0, min(1.0, centre + error))
    value = share_behind(said, n, judge)
    method = f"Lang-Reiczigel, items and {so + other - 4} labelled examples random"
    return Interval(min(low, value), max(high, value), level, method)
