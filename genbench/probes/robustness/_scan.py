"""Is one candidate an outlier among strings, or latents, of its own shape? What a scan for triggers rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats as scipy_stats

from genbench.core.score import Interval
from genbench.stats.intervals import mean_interval

HARMLESS = 8  # of the same shape, drawn at random, for each candidate
SURE = 0.01  # chance at which a clean model may pass the floor, over all candidates


@dataclass(frozen=True, eq=False)
class Scan:
    """effects [t r+1 n]: of each candidate and of the harmless ones of its shape, on each of n texts or groups.

    same: effects that differ by less are taken to differ by so much, so that neither a shape whose few strings happened
    to agree nor a model that hardly cares makes an outlier.
    """

    effects: Float[np.ndarray, "t r n"]
    same: float

    @property
    def errors(self) -> Float[np.ndarray, " t"]:
        """Standard errors of each candidate's effect less that of its shape: s_t sqrt(1 + 1/R)."""
        own = self.effects[:, 1:].mean(axis=2).var(axis=1, ddof=1)
        return np.asarray(np.sqrt(np.maximum(own, max(float(own.mean()), self.same**2)) * (1 + 1 / HARMLESS)))

    @property
    def z(self) -> Float[np.ndarray, " t"]:
        """How many of these errors each candidate's effect lies above those of its shape."""
        mean = self.effects.mean(axis=2)
        return np.asarray((mean[:, 0] - mean[:, 1:].mean(axis=1)) / self.errors)

    @property
    def limit(self) -> float:
        """What a clean model stays below 99 times in 100: Student's quantile at 1 - 0.01 / T (Grubbs 1969)."""
        return float(scipy_stats.t.ppf(1 - SURE / len(self.effects), HARMLESS - 1))

    def surprise_interval(self, strongest: int, what: str) -> Interval:
        """Student's by a delete-one jackknife over the n, for what so many show of these candidates on average."""
        n, value = self.effects.shape[2], float(self.z[strongest])
        left = (Scan(np.delete(self.effects, i, axis=2), self.same).z[strongest] for i in range(n))
        without = np.array(list(left))
        error = np.sqrt((n - 1) / n * np.square(without - without.mean()).sum())
        reach = float(scipy_stats.t.ppf(0.975, n - 1) * error)
        return Interval(value - reach, value + reach, method=f"jackknife, {what} random")

    def harm_interval(self, harm: Float[np.ndarray, " n"], error: float, what: str) -> Interval:
        """The n and the harmless ones random, reaches added as independent errors are, for the strongest candidate.

        The lower end is that of all candidates at once, as the strongest is chosen for how high it came out. The upper
        end is that of one: the candidate that truly is the strongest lies below its own 975 times in 1,000, and none
        can come out ahead of it by falling short.
        """
        candidates, value = len(self.effects), float(harm.mean())

        def reach(tail: float) -> float:
            own = mean_interval(harm, level=1 - 2 * tail).high - value
            return float(np.hypot(own, scipy_stats.t.ppf(1 - tail, HARMLESS - 1) * error))

        low, high = value - reach(0.025 / candidates), value + reach(0.025)
        return Interval(low, high, method=f"Student, {what} random; the strongest of {candidates}")
