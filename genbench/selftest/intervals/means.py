"""Intervals of means, ratios and the comparisons made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case
from genbench.stats.changes import changes
from genbench.stats.compare import compare_paired, compare_separate
from genbench.stats.intervals import bootstrap, mean_interval, ratio_interval
from genbench.stats.skewed import skewed_mean_interval


def _clustered(rng: Rng) -> Interval:
    """Forty contexts of five items each; a context's effect is as large as an item's own."""
    values = np.repeat(rng.normal(size=40), 5) + rng.normal(size=200)
    return mean_interval(values, clusters=np.repeat(np.arange(40), 5))


def _rate(rng: Rng) -> Interval:
    """Documents of 20 to 200 units, whose rate is 2 on average and the higher the longer they are."""
    units = rng.integers(20, 201, size=100).astype(np.float64)
    per_unit = 2 + (units - 110) / 400 + rng.normal(0, 0.3, size=100)
    return ratio_interval(units * per_unit, units)


RATE = 2 + (181**2 - 1) / 12 / 400 / 110  # E[units * rate] / E[units]: 2 + var(units) / (400 * 110)


def _resampled_mean(rng: Rng) -> Interval:
    return bootstrap(_mean, [rng.exponential(size=200)], rng=rng, resamples=400)


def _mean(x: np.ndarray) -> float:
    return float(x.mean())


def _paired(rng: Rng) -> Interval:
    """Losses of 80 shared items, the second model's higher by 0.2 on average."""
    shared = rng.exponential(size=80)
    return compare_paired(shared + rng.normal(0, 0.5, 80), shared + rng.normal(0.2, 0.5, 80), better="lower").interval


def _paired_in_clusters(rng: Rng) -> Interval:
    context = np.repeat(np.arange(30), 4)
    differences = rng.normal(0.2, 0.5, 30)[context] + rng.normal(0, 0.5, 120)
    shared = rng.exponential(size=120)
    return compare_paired(shared, shared + differences, better="lower", clusters=context).interval


def _separate(rng: Rng) -> Interval:
    sides: list[Any] = [(float(x.mean()), mean_interval(x)) for x in (rng.normal(0, 1, 100), rng.normal(0.3, 2, 150))]
    return compare_separate(sides[0], sides[1], 100, better="lower").interval


def _after_a_change(rng: Rng) -> Interval | None:
    """Eight runs, then eight more two units higher, each with a standard error of 0.5."""
    values = np.concatenate([rng.normal(0, 0.5, 8), rng.normal(2, 0.5, 8)])
    found = changes(values.tolist(), [0.5] * 16)
    return found[-1].after if found else None


CASES = (
    Case("Student, items", "mean of 60 normal values", 0.0, lambda rng: mean_interval(rng.normal(size=60))),
    Case("Student, items", "mean of 200 exponential values", 1.0, lambda rng: mean_interval(rng.exponential(size=200)),
         ("robustness.adversarial.excess", "bias.counterfactual.log_ratio")),
    Case("Student with Hall's correction", "mean of 50 exponential values", 1.0,
         lambda rng: skewed_mean_interval(rng.exponential(size=50))),
    Case("Student with Hall's correction", "mean of 50 normal values", 0.0,
         lambda rng: skewed_mean_interval(rng.normal(size=50))),
    Case("Student, clusters", "mean over 40 contexts of 5", 0.0, _clustered),
    Case("linearized ratio", "units per document vary", RATE, _rate,
         tuple(f"quality.perplexity.{name}" for name in
               ("bits_per_byte", "bits_per_dimension", "token_perplexity", "word_perplexity"))),
    Case("bootstrap, bias-corrected", "mean of 200 exponential values", 1.0, _resampled_mean),
    Case("comparison, paired", "80 shared items, 0.2 worse", 0.2, _paired),
    Case("comparison, paired by cluster", "30 shared contexts of 4, 0.2 worse", 0.2, _paired_in_clusters),
    Case("comparison, separate samples", "100 items and 150, 0.3 worse", 0.3, _separate),
    Case("level between two changes", "8 runs on each side of a step of 4 errors", 2.0, _after_a_change),
)  # fmt: skip
