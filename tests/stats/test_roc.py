"""Areas under the curve and their intervals, also where an attack or a detector nearly always wins."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from genbench.stats.roc import auc, auc_interval


def test_area_equals_scikit_learns_with_ties() -> None:
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 6, 60).astype(float), rng.integers(0, 5, 80).astype(float)
    labels = np.r_[np.ones(60), np.zeros(80)]
    assert auc(positive, negative) == pytest.approx(roc_auc_score(labels, np.r_[positive, negative]))


@pytest.mark.parametrize("n", [40, 100])
@pytest.mark.parametrize("truth", [0.5, 0.76, 0.98, 0.995, 0.02])
def test_interval_covers_the_truth_at_the_ends_as_in_the_middle(n: int, truth: float) -> None:
    shift = np.sqrt(2) * norm.ppf(truth)
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        found = auc_interval(rng.normal(shift, 1, n), rng.normal(0, 1, n))
        hits += found.low <= truth <= found.high
    assert hits / 400 > 0.92


def test_rare_outliers_that_a_sample_need_not_show_are_allowed_for() -> None:
    rng = np.random.default_rng(2)
    truth = 0.99 * norm.cdf(5 / np.sqrt(2))  # one positive in a hundred lies far below every negative
    hits = 0
    for _ in range(400):
        positive = np.where(rng.random(100) < 0.01, -50.0, rng.normal(5, 1, 100))
        found = auc_interval(positive, rng.normal(0, 1, 100))
        hits += found.low <= truth <= found.high
    assert hits / 400 > 0.9


def test_perfect_separation_leaves_what_the_smaller_side_leaves_open() -> None:
    found = auc_interval(np.arange(10.0, 50), np.arange(-500.0, 0))
    assert found.high == 1.0
    assert 1 - found.low == pytest.approx(3.84 / 43.84, rel=0.01)  # Wilson's for 40 of 40
