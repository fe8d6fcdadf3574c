"""Images that were read, made a dataset: split with near-duplicates on one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genbench.core.data import Dataset, Quarantined, Split
from genbench.data._images import resized
from genbench.data._splits import Shares, assemble, near_vectors, partition

SIDE = 16
# Root mean square difference of levels (of 256), at 16 x 16, up to which two images count as one: more than JPEG at
# quality 75 moves a picture of 64 pixels or more (below 4), less than parts the nearest two of MNIST's test digits (7).
NEAR_LEVELS = 6.0


@dataclass
class Pictures:
    """Images of one shape with their keys, group labels if there are any, what was set aside, and facts.

    The first `own` came from the data's path, the others from a held-out one.
    """

    items: list[np.ndarray]
    keys: list[str]
    own: int
    labels: list[str] | None = None
    quarantined: Sequence[Quarantined] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def image_dataset(pictures: Pictures, shares: Shares, *, name: str, licence: str, source: str) -> Dataset:
    """The dataset of these images."""
    splits: dict[Split, np.ndarray] = {}
    facts = pictures.facts
    if len(pictures.items) > 1:
        splits, said = partition(near_vectors(*_thumbnails(pictures.items)), pictures.own, shares)
        facts = {**facts, **said}
    return assemble(
        name=name, modality="image", items=pictures.items, keys=pictures.keys, labels=pictures.labels, splits=splits,
        quarantined=pictures.quarantined, licence=licence, source=source, facts=facts,
    )  # fmt: skip


def _thumbnails(images: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """(levels [n 256c] at 16 x 16, the Euclidean radius that stands for NEAR_LEVELS); colour counts."""
    small = np.stack([resized(image, SIDE, SIDE).reshape(-1) for image in images]).astype(np.float64)
    return small, float(NEAR_LEVELS * np.sqrt(small.shape[1]))
