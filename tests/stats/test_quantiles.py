"""Order statistics bound a quantile whatever the distribution, and refuse where no item lies far enough out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from genbench.core.errors import NotApplicable
from genbench.stats.quantiles import needed, quantile_interval


@pytest.mark.parametrize(("q", "n"), [(0.5, 60), (0.9, 100), (0.95, 200), (0.1, 80)])
def test_it_equals_scipys_interval(q, n):
    values = np.random.default_rng(1).exponential(size=n)
    peer = scipy_stats.quantile_test(values, q=float(np.quantile(values, q)), p=q).confidence_interval(0.95)
    found = quantile_interval(values, q)
    assert (found.low, found.high) == (peer.low, peer.high)


def test_a_textbook_case():
    """Median of 10: x_(2) to x_(9) hold it with 97.9 %, and x_(3) to x_(8) only with 89 %."""
    found = quantile_interval(np.arange(1.0, 11.0), 0.5)
    assert (found.low, found.high) == (2.0, 9.0)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.02])
def test_too_few_items_are_refused_with_the_n_that_does(q):
    n = needed(q)
    quantile_interval(np.arange(float(n)), q)
    with pytest.raises(NotApplicable, match=f"needs {n} items, got {n - 1}"):
        quantile_interval(np.arange(float(n - 1)), q)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_interval(np.arange(9.0), 1.0)
