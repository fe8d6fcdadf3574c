"""An image as an array, and at another size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image

from genbench.core.data import Item
from genbench.core.errors import LensError


@dataclass(frozen=True, eq=False)
class Unrounded:
    """An image as a network made it: [h w c], 0 black and 255 white, neither rounded nor held to that range."""

    pixels: Float[np.ndarray, "h w c"]


def image_array(item: Item) -> np.ndarray:
    """The item as an array, of floats where it is `Unrounded`; `LensError` where it is no image."""
    if isinstance(item, Unrounded):
        return item.pixels
    pixels = np.asarray(item)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
        raise LensError(
            "an image is uint8 [height width channels] with 1 or 3 channels, "
            f"got {pixels.dtype} {' x '.join(map(str, pixels.shape)) or 'scalar'}"
        )
    return pixels


def resize_float(item: np.ndarray, height: int, width: int) -> Float[np.ndarray, "h w c"]:
    """float32 in 0..255, antialiased bicubic per channel, unrounded (clean-fid, arXiv:2104.11222)."""
    planes = [
        np.asarray(Image.fromarray(item[:, :, c].astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
        for c in range(item.shape[2])
    ]
    made: np.ndarray = np.clip(np.stack(planes, axis=2), 0.0, 255.0)
    return made
