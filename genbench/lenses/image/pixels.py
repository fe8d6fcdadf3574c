"""Raw pixels: no network, no opinion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, resize_float


@lens(modality="image")
class Pixels(ImageSurface):
    """Pixel values in [0, 1], flattened; larger images are reduced to `side` x `side` first."""

    def __init__(self, *, side: int = 32) -> None:
        self.side = side

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return np.stack([self._row(np.asarray(item)) for item in items]).astype(np.float64)

    def _row(self, item: np.ndarray) -> np.ndarray:
        small = item if max(item.shape[:2]) <= self.side else resize_float(item, self.side)
        row: np.ndarray = small.reshape(-1) / 255.0
        return row
