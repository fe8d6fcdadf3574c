"""Raw items as rows, and a detector that learns from them: a network that sees which places lie side by side."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Arrays, Features, Rng
from genbench.stats.detectors import Dealt, Detector
from genbench.stats.finite import finite_rows

SIDE = 64  # places along an axis that are seen, at most
Shape: TypeAlias = tuple[int, int, int]  # channels, height, width


def raw_rows(generated: Arrays, held_out: Arrays) -> tuple[Shape, Features, Features]:
    """The middle places of each item, flattened [n c h w] -> float64 [n d], and the shape that a row folds back to.

    `NotApplicable` where items have no places [height width], or differ in shape.
    """
    shapes = {side.x.shape[1:] for side in (generated, held_out)}
    if any(len(shape) != 3 for shape in shapes) or len(shapes) > 1:
        raise NotApplicable(
            "convolutions look at items of one shape [channels height width], got "
            + " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes))
        )
    c, h, w = next(iter(shapes))
    shape = (c, min(h, SIDE), min(w, SIDE))
    return shape, _middle(generated, shape, "generated"), _middle(held_out, shape, "held-out")


def _middle(side: Arrays, shape: Shape, role: str) -> Features:
    _, height, width = shape
    down, right = (side.x.shape[2] - height) // 2, (side.x.shape[3] - width) // 2
    seen: Float[np.ndarray, "n c a b"] = side.x[:, :, down : down + height, right : right + width]
    return Features(finite_rows(seen.reshape(len(seen), -1), role), side.keys)


def convolved(outputs: Dealt, real: Dealt, shape: Shape, steps: int, rng: Rng) -> Detector:
    """A network fitted on as many outputs as real items of the halves that are for that, in `steps` of 32 rows."""
    from genbench.stats.convolutions import Convolutions  # torch, where a network is fitted and not where one is listed

    n = min(len(outputs), len(real))
    network = Convolutions(shape, steps=steps, seed=int(rng.integers(2**31)))
    network.fit(np.concatenate([outputs.fit[:n], real.fit[:n]]), np.repeat([1, 0], n))
    return Detector("convolutions", network, outputs, real)
