"""Groups as an annotator of known accuracy sees them."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Rng
from genbench.selftest.plants._mixture import even_rates


def annotated(
    shown: list[float], expected: list[float], sizes: tuple[int, int], rng: Rng, *, accuracy: float, tried: int
) -> dict[str, tuple[object, ...]]:
    """Outputs with the true shares `shown`, held-out items with `expected`; sizes: how many of each.

    tried: how many labelled items of each group told the annotator's mistakes.
    """
    k = len(shown)
    rates, names = even_rates(k, accuracy), tuple(f"group {i}" for i in range(k))
    confusion = np.stack([rng.multinomial(tried, row) for row in rates])
    sides: dict[str, tuple[object, ...]] = {}
    for role, shares, n in (("generated", shown, sizes[0]), ("held_out", expected, sizes[1])):
        drawn = rng.random(n)[:, None]
        labels = (drawn > np.cumsum(np.asarray(shares) @ rates)[None, :-1]).sum(axis=1)
        sides[role] = (Annotations(labels, names, confusion),)
    return sides
