"""Raw pixels: no network, no opinion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.errors import LensError
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, image_array, resize_float

LARGEST = 32


@lens(modality="image")
class Pixels(ImageSurface):
    """Pixel values in [0, 1], flattened.

    side: every image becomes side x side; by default images up to 32 x 32 stay as they are and larger ones become
    32 x 32, so that all rows of a dataset of one size are equally long.
    """

    def __init__(self, *, side: int | None = None) -> None:
        if side is not None and side < 1:
            raise LensError(f"image.pixels: side must be at least 1, got {side}")
        self.side = side

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        rows = [self._row(image_array(item)) for item in items]
        if len(lengths := sorted({len(row) for row in rows})) > 1:
            raise LensError(
                f"image.pixels: images of one size and colour are wanted, got rows of {lengths[:4]} values; "
                "set the lens's `side`, or give the data a `size`"
            )
        return np.stack(rows)

    def _row(self, item: np.ndarray) -> np.ndarray:
        side = self.side or (LARGEST if max(item.shape[:2]) > LARGEST else None)
        sized = item if side is None else resize_float(item, side, side)
        row: np.ndarray = sized.reshape(-1) / 255.0
        return row.astype(np.float64)
