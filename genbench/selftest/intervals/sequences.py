"""Intervals that hold at every look at once: each line asks whether all looks of a growing sample held the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from genbench.core.evidence import Rng
from genbench.core.score import Detail, Estimate, Interval
from genbench.selftest.coverage import Case
from genbench.stats.intervals import mean_interval, wilson
from genbench.stats.sequential import look_interval, look_sizes, mean_sequence, rate_sequence, widened

SIZES = look_sizes(400)
ALPHA = 0.05


def _at_all(looks: Iterable[Interval | None]) -> Interval | None:
    """What lies in every look's interval; None where nothing does."""
    ends = [look for look in looks if look is not None]
    low, high = max(look.low for look in ends), min(look.high for look in ends)
    return Interval(low, high) if low <= high else None


def _rates(rng: Rng) -> Interval | None:
    hits = np.cumsum(rng.random(400) < 0.1)
    return _at_all(rate_sequence(int(hits[n - 1]), n, ALPHA) for n in range(5, 401, 5))


def _means(rng: Rng) -> Interval | None:
    x = rng.beta(1, 3, size=400)
    return _at_all(mean_sequence(x[:n], ALPHA) for n in SIZES)


def _widened(rng: Rng) -> Interval | None:
    x = rng.normal(size=400)
    return _at_all(widened(float(x[:n].mean()), mean_interval(x[:n]), ALPHA / len(SIZES)) for n in SIZES)


def _looks(
    draw: Callable[[Rng], np.ndarray], own: Callable[[np.ndarray], Interval]
) -> Callable[[Rng], Interval | None]:
    def at_all(rng: Rng) -> Interval | None:
        x = draw(rng)
        estimates = [Estimate(float(x[:n].mean()), n, own(x[:n]), None, Detail(tuple(x[:n].tolist()))) for n in SIZES]
        return _at_all(look_interval(estimate, alpha=ALPHA, looks=len(SIZES)) for estimate in estimates)

    return at_all


CASES = (
    Case("beta-binomial confidence sequence", "rate 0.1, at 80 looks up to 400", 0.1, _rates),
    Case("betting confidence sequence", f"mean 0.25 of values in [0, 1], at {len(SIZES)} looks", 0.25, _means),
    Case("widened for looks", f"normal values, at {len(SIZES)} looks", 0.0, _widened),
    Case("interval of one look", f"rate 0.05, at {len(SIZES)} looks", 0.05,
         _looks(lambda rng: (rng.random(400) < 0.05).astype(float), lambda x: wilson(int(x.sum()), len(x)))),
    Case("interval of one look", f"values beyond [0, 1], at {len(SIZES)} looks", 1.0,
         _looks(lambda rng: rng.exponential(size=400), mean_interval)),
)  # fmt: skip
