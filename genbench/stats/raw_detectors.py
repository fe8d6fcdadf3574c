"""Raw items as rows, and a detector that learns from them: a network that sees which places lie side by side.

A side of a thousand photographs is a gigabyte in float64, so rows stay as they came, and of each place that is not seen
nothing is copied.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Arrays, Features, Rng
from genbench.stats.detectors import Dealt, Detector, dealt
from genbench.stats.finite import finite_rows

SIDE = 64  # places along an axis that are seen, at most
Shape: TypeAlias = tuple[int, int, int]  # channels, height, width


@dataclass(frozen=True, eq=False)
class Shown:
    """What a detector is shown of outputs and real items: rows [n c*h*w] that fold back to `shape`, dealt in halves.

    distinct, distinct_real: how many items of either side there were, repetitions left out.
    """

    shape: Shape
    made: Dealt
    real: Dealt
    distinct: int
    distinct_real: int


def shown(generated: Arrays, held_out: Arrays, limit: int, rng: Rng) -> Shown:
    """The middle places of each item [n c h w], of each side at most `limit` distinct ones.

    `NotApplicable` where items have no places [height width], or differ in shape; `ProbeError` where one is not finite.
    """
    shapes = {side.x.shape[1:] for side in (generated, held_out)}
    if any(len(shape) != 3 for shape in shapes) or len(shapes) > 1:
        raise NotApplicable(
            "convolutions look at items of one shape [channels height width], got "
            + " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes))
        )
    c, h, w = next(iter(shapes))
    shape = (c, min(h, SIDE), min(w, SIDE))
    real, distinct_real = _side(held_out, shape, "held-out", limit, rng)
    made, distinct = _side(generated, shape, "generated", limit, rng)
    return Shown(shape, made, real, distinct, distinct_real)


def _side(side: Arrays, shape: Shape, role: str, limit: int, rng: Rng) -> tuple[Dealt, int]:
    """(one side, dealt; how many of its items are distinct)."""
    _, height, width = shape
    down, right = (side.x.shape[2] - height) // 2, (side.x.shape[3] - width) // 2
    seen: Float[np.ndarray, "n c a b"] = side.x[:, :, down : down + height, right : right + width]
    rows = seen.reshape(len(seen), -1)
    if not np.isfinite(rows).all():
        finite_rows(rows, role)  # says which
    first = _first_alike(rows)
    # Each row stands for itself by the number of the first that is like it: sorting rows would copy them thrice.
    places = dealt(Features(first[:, None].astype(np.float64), side.keys), limit, rng)
    fit, judged = (rows[half[:, 0].astype(np.int64)] for half in (places.fit, places.judged))
    return replace(places, fit=fit, judged=judged), len(np.unique(first))


def _first_alike(rows: Float[np.ndarray, "n d"]) -> Int[np.ndarray, " n"]:
    """[n]: for each row, the index of the first that is the same in every coordinate."""
    first: dict[bytes, int] = {}
    names = (hashlib.sha256((row + 0.0).tobytes()).digest() for row in rows)  # -0 + 0 is 0
    return np.array([first.setdefault(name, i) for i, name in enumerate(names)], dtype=np.int64)


class RawDetector(Detector):
    """A detector whose network takes rows as they are, and makes float64 of a few at a time."""

    def scores(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """How likely each row [n d] was made, by the detector."""
        said: np.ndarray = self.judge.predict_proba(x)[:, 1]
        return said


def convolved(outputs: Dealt, real: Dealt, shape: Shape, steps: int, rng: Rng) -> Detector:
    """A network fitted on as many outputs as real items of the halves that are for that, in `steps` of 32 rows."""
    from genbench.stats.convolutions import Convolutions  # torch, where a network is fitted and not where one is listed

    n = min(len(outputs), len(real))
    network = Convolutions(shape, steps=steps, seed=int(rng.integers(2**31)))
    network.fit(np.concatenate([outputs.fit[:n], real.fit[:n]]), np.repeat([1, 0], n))
    return RawDetector("convolutions", network, outputs, real)
