"""What no statistic can be made of is refused with the item's index."""

import numpy as np
import pytest

from genbench.core.errors import ProbeError
from genbench.stats.finite import finite_rows, known_nats


def test_rows_come_back_in_double_precision():
    rows = finite_rows(np.ones((3, 2), np.float32), "train")
    assert rows.dtype == np.float64


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_spoiled_row_and_their_number_are_named(bad):
    rows = np.zeros((6, 2))
    rows[[2, 4], 1] = bad
    with pytest.raises(ProbeError, match=r"generated: the features of item 2 hold NaN or infinity \(2 of 6 items do\)"):
        finite_rows(rows, "generated")


def test_an_impossible_item_may_stand_and_an_infinite_density_may_not():
    assert known_nats(np.array([-1.0, -np.inf]), "train").tolist() == [-1.0, -np.inf]
    for bad in (np.nan, np.inf):
        with pytest.raises(ProbeError, match="train: the log-probability of item 1 is"):
            known_nats(np.array([-1.0, bad]), "train")
