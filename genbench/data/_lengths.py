"""One length for texts of two sides, so that nobody tells them apart by how long they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genbench.core.data import Item


def common_length(outputs: Sequence[Item], real: Sequence[Item]) -> int | None:
    """The characters that three in four texts of each side have at least; None where the items are no texts.

    Cut to that length, three quarters of either side are left, all equally long: the whole of what both can show.
    """
    if not outputs or not real or not isinstance(outputs[0], str):
        return None
    return min(int(np.quantile([len(str(item)) for item in side], 0.25, method="lower")) for side in (outputs, real))
