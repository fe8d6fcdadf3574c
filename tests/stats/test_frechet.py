"""The Fréchet distance against its textbook formula, torchmetrics, and Monte Carlo for its bias and error."""

import numpy as np
import pytest
import scipy.linalg
import torch
from torchmetrics.image.fid import _compute_fid

from genbench.stats.frechet import extrapolated, frechet


def textbook(x, y):
    s, t = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    shift = x.mean(0) - y.mean(0)
    return shift @ shift + np.trace(s + t - 2 * scipy.linalg.sqrtm(s @ t).real)


@pytest.mark.parametrize(("n", "d"), [(400, 8), (300, 64), (2000, 3)])
def test_it_equals_the_textbook_and_torchmetrics(n, d):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)), rng.normal(0.3, 1.2, size=(n + 50, d))
    ours = frechet(x, y).value
    assert ours == pytest.approx(textbook(x, y), rel=1e-8)
    moments = [(torch.tensor(z.mean(0)), torch.tensor(np.cov(z, rowvar=False))) for z in (x, y)]
    assert ours == pytest.approx(float(_compute_fid(*moments[0], *moments[1])), rel=1e-6)


def test_fewer_rows_than_columns_need_no_square_root_of_a_singular_matrix():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(20, 50)), rng.normal(1.0, 2.0, size=(30, 50))
    # The nuclear norm of A B', A and B the centred rows, is the trace of the root.
    a, b = (x - x.mean(0)) / np.sqrt(19), (y - y.mean(0)) / np.sqrt(29)
    shift = x.mean(0) - y.mean(0)
    expected = shift @ shift + (a**2).sum() + (b**2).sum() - 2 * np.linalg.svd(a @ b.T, compute_uv=False).sum()
    assert frechet(x, y).value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(500, 400), (30, 400), (30, 35)])
def test_variances_down_to_a_trillionth_of_the_largest_count(n, m):
    """What varies least in one sample varies most in the other: that product is not small."""
    rng = np.random.default_rng(8)
    spread, turn = np.geomspace(1, 1e-6, 40), np.linalg.qr(rng.normal(size=(40, 40)))[0]
    x, y = rng.normal(size=(n, 40)) * spread @ turn, rng.normal(size=(m, 40)) * spread[::-1] @ turn
    a, b = (x - x.mean(0)) / np.sqrt(n - 1), (y - y.mean(0)) / np.sqrt(m - 1)
    shift = x.mean(0) - y.mean(0)
    truth = shift @ shift + (a**2).sum() + (b**2).sum() - 2 * np.linalg.svd(a @ b.T, compute_uv=False).sum()
    assert frechet(x, y).value == pytest.approx(truth, rel=1e-11)


def test_known_truth_and_identity():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(500, 5))
    assert frechet(x, x).value == pytest.approx(0, abs=1e-9)
    # N(0, I) and N(2 e1, 4 I): |shift|^2 + d (2 - 1)^2 = 4 + 5
    far = [frechet(rng.normal(size=(4000, 5)), rng.normal(size=(4000, 5)) * 2 + [2, 0, 0, 0, 0]) for _ in range(20)]
    assert np.mean([f.corrected for f in far]) == pytest.approx(9.0, abs=0.1)


def test_rotation_and_shift_do_not_matter():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(200, 6)), rng.normal(0.5, 1.5, size=(220, 6))
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    assert frechet(x @ turn + 7, y @ turn + 7).value == pytest.approx(frechet(x, y).value, rel=1e-8)


@pytest.mark.parametrize("heavy", [False, True])
def test_bias_and_standard_error_against_monte_carlo(heavy):
    rng = np.random.default_rng(4)
    d, n, m = 6, 200, 260
    scale = np.linspace(0.5, 2.0, d)

    def draw(size, spread, shift):
        raw = rng.laplace(size=(size, d)) / np.sqrt(2) if heavy else rng.normal(size=(size, d))
        return raw * spread + shift

    truth = d * 0.6**2 + np.square(scale - 1).sum()
    found = [frechet(draw(n, 1.0, 0.0), draw(m, scale, 0.6)) for _ in range(1500)]
    bias = np.mean([f.value for f in found]) - truth
    spread = np.std([f.corrected for f in found])
    assert np.mean([f.bias for f in found]) == pytest.approx(bias, abs=4 * spread / np.sqrt(1500) + 0.05 * bias)
    assert np.mean([f.standard_error for f in found]) == pytest.approx(spread, rel=0.05)


def test_on_the_null_the_corrected_value_is_about_zero_and_covered():
    rng = np.random.default_rng(5)
    found = [frechet(rng.normal(size=(300, 10)), rng.normal(size=(300, 10))) for _ in range(300)]
    corrected = np.array([f.corrected for f in found])
    assert abs(corrected.mean()) < 0.1 * np.mean([f.value for f in found])
    covered = np.mean([abs(f.corrected) <= 1.96 * f.standard_error for f in found])
    assert covered >= 0.92


def test_the_next_order_of_the_bias_goes_by_extrapolation_from_halves():
    rng = np.random.default_rng(6)
    for shift in (0.0, 0.5):
        found = [
            extrapolated(rng.normal(size=(200, 60)), rng.normal(shift, 1 + shift, size=(180, 60)), rng=rng)
            for _ in range(40)
        ]
        corrected = np.array([f.corrected for f in found])
        error = corrected.std() / np.sqrt(40)
        assert corrected.mean() == pytest.approx(2 * 60 * shift**2, abs=4 * error + 0.015 * found[0].bias)
        covered = np.abs(corrected - 2 * 60 * shift**2) <= 1.96 * np.array([f.standard_error for f in found])
        assert covered.mean() >= 0.9


@pytest.mark.parametrize("rank", [1, 4])
def test_a_singular_covariance_is_no_trouble(rank):
    """Features in a subspace of fewer dimensions: the same distance as inside it, and as torchmetrics'."""
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(300, rank)), rng.normal(0.5, 2.0, size=(280, rank))
    into = np.linalg.qr(rng.normal(size=(9, rank)))[0].T  # an isometry into nine dimensions
    inside, outside = frechet(x, y), frechet(x @ into, y @ into)
    assert outside.value == pytest.approx(inside.value, rel=1e-9)
    assert outside.bias == pytest.approx(inside.bias, rel=1e-6)
    assert outside.standard_error == pytest.approx(inside.standard_error, rel=1e-6)
    lifted = [z @ into for z in (x, y)]
    moments = [(torch.tensor(z.mean(0)), torch.tensor(np.cov(z, rowvar=False))) for z in lifted]
    theirs = float(_compute_fid(*moments[0], *moments[1]))
    assert outside.value == pytest.approx(theirs, rel=1e-4)


def test_constant_rows_have_a_distance():
    flat = frechet(np.full((5, 3), 2.0), np.full((6, 3), 1.0))
    assert (flat.value, flat.bias, flat.standard_error) == pytest.approx((3.0, 0.0, 0.0), abs=1e-12)
