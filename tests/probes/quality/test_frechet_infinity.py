"""The extrapolated Fréchet distance: its line by hand, a known truth covered, agreement with the correction."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Estimate
from genbench.probes.quality.frechet import frechet
from genbench.probes.quality.frechet_infinity import LINE, PARABOLA, frechet_infinity


def run(generated: np.ndarray, held_out: np.ndarray, train: np.ndarray, seed: int = 0) -> Estimate:
    rng = stream(seed, "frechet_infinity")
    found = frechet_infinity(Features(generated), Features(held_out), Features(train), rng=rng)["distance"]
    assert isinstance(found, Estimate)
    return found


def test_the_weights_are_those_of_a_fitted_line_and_parabola_at_zero():
    points = np.array([7.0, 9.5, 13.0])
    assert pytest.approx(np.polyfit([1, 2, 3], points, 1)[-1]) == LINE @ points
    assert pytest.approx(np.polyfit([1, 2, 3], points, 2)[-1]) == PARABOLA @ points


def test_the_value_is_the_line_through_the_distances_it_tells():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 5)), rng.normal(0.5, 1, size=(80, 5))
    found = run(x, y, y)
    shown = np.array(found.detail.facts["distances at n, n/2, n/3"])
    assert found.value == pytest.approx(LINE @ shown)
    assert shown[0] < shown[1] < shown[2]


def test_the_truth_between_two_gaussians_is_hit_on_average_and_covered():
    # N(0, I) and N(0.3, 1.5^2 I) in 4 dimensions: 4 * 0.3^2 + 4 * 0.5^2 = 1.36
    rng = np.random.default_rng(1)
    draw = lambda: (rng.normal(0.3, 1.5, (150, 4)), rng.normal(size=(120, 4)), rng.normal(size=(20, 4)))
    found = [run(*draw(), seed) for seed in range(120)]
    values = np.array([f.value for f in found])
    assert values.mean() == pytest.approx(1.36, abs=4 * values.std() / np.sqrt(120))
    assert np.mean([f.interval.low <= 1.36 <= f.interval.high for f in found]) >= 0.91
    # The interval's width is the spread that is really there.
    widths = np.array([f.interval.high - f.interval.low for f in found]) / (2 * 1.96)
    assert values.std() == pytest.approx(np.median(widths), rel=0.35)


def test_it_agrees_with_the_closed_form_correction():
    rng = np.random.default_rng(2)
    x, y, z = rng.normal(0.2, 1, (400, 8)), rng.normal(size=(400, 8)), rng.normal(size=(400, 8))
    other = frechet(Features(x), Features(y), Features(z), rng=stream(0, "f"))["distance"]
    found = run(x, y, z)
    assert isinstance(other, Estimate)
    assert found.value == pytest.approx(other.value, abs=(other.interval.high - other.value))


def test_equal_distributions_are_covered_and_constants_are_zero():
    rng = np.random.default_rng(3)
    found = [run(*(rng.normal(size=(100, 6)) for _ in range(3)), seed) for seed in range(60)]
    assert np.mean([f.interval.low <= 0 <= f.interval.high for f in found]) >= 0.9
    still = run(np.ones((20, 3)), np.ones((20, 3)), np.ones((20, 3)))
    assert (still.value, still.interval.low, still.interval.high, still.floor) == (0, 0, 0, 0)


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(4).normal(size=(30, 3))
    with pytest.raises(NotApplicable, match="got 11 outputs"):
        run(x[:11], x, x)
    spoiled = x.copy()
    spoiled[5, 0] = np.nan
    with pytest.raises(ProbeError, match="held_out: the features of item 5"):
        run(x, spoiled, x)
