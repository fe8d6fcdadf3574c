"""A root of a covariance by Cholesky with pivots: whole, singular, empty, and whatever the order of its memory."""

import numpy as np
import pytest

from genbench.stats.pivoted import pivoted

SHARE = 1e-14


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("rank", [1, 5, 12])
def test_the_root_has_the_covariances_rank_and_gives_it_back(rank, order):
    rng = np.random.default_rng(rank)
    rows = rng.normal(size=(200, rank)) @ rng.normal(size=(rank, 12)) * np.geomspace(1e-3, 1e3, 12)
    S = np.array(np.cov(rows, rowvar=False), order=order)
    found = pivoted(S, share=SHARE)
    assert found.rank == rank
    assert found.root().shape == (12, rank)
    assert found.root() @ found.root().T == pytest.approx(S, rel=1e-10, abs=1e-13 * S.max())
    turned = S[np.ix_(found.order, found.order)]
    assert found.lower() @ found.lower().T == pytest.approx(turned, rel=1e-10, abs=1e-13 * S.max())
    assert np.triu(found.lower(), 1).max(initial=0.0) == 0.0


@pytest.mark.parametrize("rank", [2, 6])
def test_whitened_rows_have_the_identity_for_a_covariance_and_make_the_rows_again(rank):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(300, rank)) @ rng.normal(size=(rank, 6))
    rows -= rows.mean(0)
    found = pivoted(np.cov(rows, rowvar=False), share=SHARE)
    white = found.whitened(rows, np.eye(rank))
    assert np.cov(white, rowvar=False) == pytest.approx(np.eye(rank), abs=1e-10)
    assert white @ found.root().T == pytest.approx(rows, abs=1e-10)
    turn = np.linalg.qr(rng.normal(size=(rank, rank)))[0][:, :2]
    assert found.whitened(rows, turn) == pytest.approx(white @ turn, abs=1e-10)


def test_what_does_not_vary_has_a_root_without_columns():
    found = pivoted(np.zeros((4, 4)), share=SHARE)
    assert found.root().shape == (4, 0)
    assert found.whitened(np.zeros((3, 4)), np.zeros((0, 0))).shape == (3, 0)
