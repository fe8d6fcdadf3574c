"""Moments without rows: gathered in any batches, compared exactly, with the error that Gaussian rows would have."""

import numpy as np
import pytest

from genbench.stats.frechet import frechet
from genbench.stats.moments import Gathering, Moments, gaussian_distance, gaussian_frechet


def of(rows):
    return Moments(rows.mean(axis=0), np.cov(rows, rowvar=False), len(rows))


def turned(eigenvalues, seed):
    d = len(eigenvalues)
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    made = (Q * eigenvalues) @ Q.T
    return (made + made.T) / 2


@pytest.mark.parametrize("order", [1, -1])
def test_an_exact_case_at_condition_number_1e10(order):
    """Covariances that commute: d^2 = sum (sqrt a - sqrt b)^2, whatever basis they share."""
    a, b = np.geomspace(1, 1e-10, 60), np.geomspace(3, 2e-10, 60)[::order]
    truth = float(np.square(np.sqrt(a) - np.sqrt(b)).sum())
    zero = np.zeros(60)
    assert gaussian_distance(zero, np.diag(a), zero, np.diag(b)) == pytest.approx(truth, rel=1e-12)
    if order == 1:  # in another basis rounding of the input itself moves the truth where small meets large
        assert gaussian_distance(zero, turned(a, 0), zero, turned(b, 0)) == pytest.approx(truth, rel=1e-12)


def test_rows_at_condition_number_1e10_have_the_distance_of_their_exact_factors():
    """Rows whose sample covariance is exactly diagonal: columns of a Hadamard matrix, scaled."""
    H = np.array([[1.0]])
    for _ in range(6):
        H = np.block([[H, H], [H, -H]])
    a, b = np.geomspace(1, 1e-5, 40), np.geomspace(2, 1e-5, 40)
    x, y = H[:, 1:41] * a, H[:, 1:41] * b + 0.25
    n = len(H)
    truth = 40 * 0.25**2 + n / (n - 1) * float(np.square(a - b).sum())
    assert frechet(x, y).value == pytest.approx(truth, rel=1e-12)
    assert gaussian_distance(x.mean(0), np.cov(x.T), y.mean(0), np.cov(y.T)) == pytest.approx(truth, rel=1e-12)


def test_both_ways_to_the_root_agree_where_both_serve(monkeypatch):
    rng = np.random.default_rng(1)
    a, b = of(rng.normal(size=(500, 40))), of(rng.normal(0.2, 1.3, size=(400, 40)))
    fast = gaussian_distance(a.mean, a.covariance, b.mean, b.covariance)
    monkeypatch.setattr("genbench.stats.moments.PROMISED", 0.0)
    assert gaussian_distance(a.mean, a.covariance, b.mean, b.covariance) == pytest.approx(fast, rel=1e-11)


@pytest.mark.parametrize(("n", "m", "d"), [(20, 30, 50), (300, 30, 50), (300, 200, 6)])
def test_it_is_the_distance_of_the_rows_also_where_covariances_are_singular(n, m, d):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(n, d)) * np.linspace(0.5, 2, d), rng.normal(0.3, 1.2, size=(m, d))
    a, b = of(x), of(y)
    assert gaussian_distance(a.mean, a.covariance, b.mean, b.covariance) == pytest.approx(frechet(x, y).value, rel=1e-7)
    assert gaussian_distance(a.mean, a.covariance, a.mean, a.covariance) == pytest.approx(0, abs=1e-6 * d)


def test_constant_features_have_a_distance():
    flat, zero = np.zeros((3, 3)), np.zeros(3)
    assert gaussian_distance(zero, flat, np.ones(3), flat) == 3.0
    assert gaussian_distance(zero, flat, zero, np.eye(3)) == 3.0
    found = gaussian_frechet(Moments(zero, flat, 10), Moments(np.ones(3), flat, 10))
    assert (found.value, found.corrected) == (3.0, 3.0)


def test_batches_do_not_matter_also_far_from_the_origin(monkeypatch):
    monkeypatch.setattr("genbench.stats.moments.BLOCK", 64)
    rows = np.random.default_rng(3).normal(size=(500, 7)) + 1e6
    gathered = Gathering(7)
    for part in np.array_split(rows, [1, 3, 3, 130, 131, 400]):
        gathered.add(part)
    found = gathered.moments()
    assert found.n == 500
    assert found.mean == pytest.approx(rows.mean(axis=0), rel=1e-14)
    assert found.covariance == pytest.approx(np.cov(rows, rowvar=False), rel=1e-8, abs=1e-9)
    with pytest.raises(ValueError, match="at least 2 rows"):
        Gathering(7).moments()


def test_bias_and_interval_are_those_of_the_rows_where_these_are_gaussian():
    rng = np.random.default_rng(4)
    for shift in (0.0, 0.4):
        x, y = rng.normal(size=(3000, 12)), rng.normal(shift, 1 + shift, size=(2500, 12))
        ours, theirs = gaussian_frechet(of(x), of(y)), frechet(x, y)
        assert ours.value == pytest.approx(theirs.value, rel=1e-9)
        assert ours.value - ours.corrected == pytest.approx(theirs.bias, rel=0.02)
        assert ours.interval.high - ours.interval.low == pytest.approx(
            theirs.interval().high - theirs.interval().low, rel=0.05
        )


def test_the_interval_holds_the_truth_nineteen_times_in_twenty_and_is_not_idle():
    rng = np.random.default_rng(5)
    truth = 5 * 0.3**2 + 5 * 0.2**2
    found = [
        gaussian_frechet(of(rng.normal(size=(300, 5))), of(rng.normal(0.3, 1.2, size=(250, 5)))) for _ in range(400)
    ]
    held = np.mean([f.interval.low <= truth <= f.interval.high for f in found])
    assert held >= 0.93
    corrected = np.array([f.corrected for f in found])
    assert corrected.mean() == pytest.approx(truth, abs=4 * corrected.std() / 20)
    reach = np.mean([f.corrected - f.interval.low for f in found])
    assert reach == pytest.approx(1.96 * corrected.std(), rel=0.15)


def test_without_a_count_there_is_a_value_and_nothing_else():
    x = np.random.default_rng(6).normal(size=(100, 4))
    found = gaussian_frechet(of(x), Moments(np.ones(4), np.eye(4), None))
    assert found.value > 0
    assert found.corrected is None
    assert found.interval is None
