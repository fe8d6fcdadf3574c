"""The difference of mean features: by hand, unbiased, covered at truth 0 and elsewhere, and blur named as such."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.spectrum import Spectrum
from genbench.probes.quality.means import _squares, means


def run(generated: np.ndarray, held_out: np.ndarray) -> Estimate:
    found = means(Features(generated), Features(held_out))["distance"]
    assert isinstance(found, Estimate)
    return found


def test_the_squared_distance_by_hand():
    x, y = np.repeat([[3.0, 0.0], [5.0, 0.0]], 5, axis=0), np.zeros((12, 2))
    # Means differ by (4, 0), the variance of x's first feature is 10/9: D = 16 - (10/9) / 10.
    assert run(x, y).value == pytest.approx(np.sqrt((16 - 1 / 9) / 2))


def test_the_trace_is_the_same_by_rows_and_by_columns():
    rng = np.random.default_rng(0)
    for n, m, d in ((20, 30, 4), (5, 6, 40), (50, 4, 12)):
        a, b = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        whole = a.T @ a + b.T @ b
        assert _squares([a, b]) == pytest.approx(np.trace(whole @ whole))


@pytest.mark.parametrize(("n", "d"), [(100, 8), (40, 60)])
def test_equal_means_are_covered_and_seldom_called_unequal(n, d):
    rng = np.random.default_rng(1)
    found = [run(rng.normal(size=(n, d)), rng.normal(size=(n + 20, d))) for _ in range(300)]
    assert np.mean([f.interval.low > 0 for f in found]) <= 0.06
    assert all(f.floor == 0.0 and f.interval.low <= f.value <= f.interval.high for f in found)


def test_a_difference_in_some_features_is_covered():
    # v = 0.5 in each of 2 of 8 features: 0.5 sqrt(2 / 8) = 0.25
    rng, shift = np.random.default_rng(2), np.array([0.5, -0.5, 0, 0, 0, 0, 0, 0])
    found = [run(rng.normal(shift, 1, (200, 8)), rng.normal(size=(300, 8))) for _ in range(300)]
    assert np.mean([f.interval.low <= 0.25 <= f.interval.high for f in found]) >= 0.92
    assert np.mean([f.interval.low > 0 for f in found]) > 0.95
    assert list(found[0].detail.facts["largest differences"])[:2] in (
        ["feature 0", "feature 1"], ["feature 1", "feature 0"],
    )  # fmt: skip


def test_through_the_spectrum_lens_blur_lacks_fine_detail_and_a_checkerboard_has_too_much():
    data, lens = digits(), Spectrum()
    real = lens.features(data.take("held_out"))
    fresh = data.take("reserve")
    blurred = [np.rint(gaussian_filter(i.astype(float), (0.7, 0.7, 0))).astype(np.uint8) for i in fresh]
    board = 80 * (np.indices((8, 8)).sum(axis=0) % 2)[:, :, None]
    squared = [np.clip(i.astype(int) + board, 0, 255).astype(np.uint8) for i in fresh]
    fair, blur, checks = (run(lens.features(items), real) for items in (fresh, blurred, squared))
    assert fair.interval.low == 0
    assert fair.value < 0.5
    assert blur.interval.low > 3
    assert checks.interval.low > 0.5
    shown = [found.detail.facts["largest differences"] for found in (blur, checks)]
    assert float(shown[0]["feature 3"].split()[0]) < -3  # the finest of 4 rings has lost 3 dB and more
    assert next(iter(shown[1])) == "feature 4"  # the corners
    assert float(shown[1]["feature 4"].split()[0]) > 0


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(3).normal(size=(20, 3))
    with pytest.raises(NotApplicable, match="got 9 outputs"):
        run(x[:9], x)
    spoiled = x.copy()
    spoiled[7, 2] = np.inf
    with pytest.raises(ProbeError, match="generated: the features of item 7"):
        run(spoiled, x)
