"""MMD against its definition, and its error against Monte Carlo."""

import numpy as np
import pytest

from genbench.stats import kernel
from genbench.stats.kernel import mmd, polynomial


def by_definition(x, y):
    n, m = len(x), len(y)
    xx = sum(polynomial(x[i : i + 1], x[j : j + 1])[0, 0] for i in range(n) for j in range(n) if i != j)
    yy = sum(polynomial(y[i : i + 1], y[j : j + 1])[0, 0] for i in range(m) for j in range(m) if i != j)
    xy = sum(polynomial(x[i : i + 1], y[j : j + 1])[0, 0] for i in range(n) for j in range(m))
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)


def test_it_equals_its_definition_in_blocks_of_any_size(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(23, 4)), rng.normal(0.5, 1, size=(17, 4))
    expected = by_definition(x, y)
    assert mmd(x, y).value == pytest.approx(expected, rel=1e-10)
    whole = mmd(x, y).standard_error
    monkeypatch.setattr(kernel, "BLOCK", 5)
    assert mmd(x, y).value == pytest.approx(expected, rel=1e-10)
    assert mmd(x, y).standard_error == pytest.approx(whole, rel=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_unbiased_and_with_the_right_error(shift):
    rng = np.random.default_rng(1)
    found = [mmd(rng.normal(size=(120, 5)), rng.normal(shift, 1, size=(150, 5))) for _ in range(600)]
    values = np.array([f.value for f in found])
    assert np.mean([f.standard_error for f in found]) == pytest.approx(values.std(), rel=0.15)
    if shift == 0:
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(600)
