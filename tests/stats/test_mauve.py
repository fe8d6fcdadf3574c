"""MAUVE of histograms: the values of the package mauve-text 0.4, disjoint and equal ones, and the jackknife."""

import numpy as np
import pytest

from genbench.stats.mauve import area, frontier, of_counts

# p, q and the area by mauve-text 0.4.0 (25 mixtures, scale 5)
GIVEN = [
    ([0.5, 0.3, 0.2, 0.0], [0.25, 0.25, 0.25, 0.25], 0.6081135762448924),
    ([0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5], 0.0040720962619612555),
    ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], 1.0),
    ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], 0.6538536633533254),
]


@pytest.mark.parametrize(("p", "q", "value"), GIVEN)
def test_areas_of_mauve_text(p, q, value):
    assert float(area(np.array(p), np.array(q))) == pytest.approx(value, abs=1e-9)
    assert float(area(np.array(q), np.array(p))) == pytest.approx(value, abs=1e-9)


def test_a_point_of_the_frontier_by_hand():
    """At w = 1/2 of (1, 0) and (0, 1), R = (1/2, 1/2): both divergences ln 2, both coordinates 2^-5."""
    curve = frontier(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert curve[13] == pytest.approx([2**-5, 2**-5])


def test_the_jackknife_is_that_of_items_taken_away_one_by_one():
    a, b = np.array([5, 3, 2, 0]), np.array([2, 4, 1, 3])
    value, error = of_counts(a, b)
    variance = 0.0
    for own, first in ((a, True), (b, False)):
        left = []
        for cell in np.repeat(np.arange(4), own):
            less = own.astype(float) - (np.arange(4) == cell)
            less /= less.sum()
            left.append(float(area(less, b / 10) if first else area(a / 10, less)))
        variance += 9 / 10 * np.square(np.array(left) - np.mean(left)).sum()
    assert value == pytest.approx(float(area(a / 10, b / 10)))
    assert error == pytest.approx(np.sqrt(variance))


def test_the_error_is_that_of_repeated_samples():
    p, q = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
    rng = np.random.default_rng(0)
    found = [of_counts(rng.multinomial(400, p), rng.multinomial(400, q)) for _ in range(300)]
    values, errors = np.array(found).T
    assert errors.mean() == pytest.approx(values.std(), rel=0.12)
