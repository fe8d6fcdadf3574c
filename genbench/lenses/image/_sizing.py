"""Images of any size as the square a network takes: as clean-fid does it, or as TensorFlow 1 did."""

from __future__ import annotations

import functools
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from genbench.core.data import Item
from genbench.lenses.image._surface import image_array, resized_to

Resize: TypeAlias = Literal["clean", "tensorflow"]


def squared(item: Item, side: int, resize: Resize) -> Float[np.ndarray, "h w 3"]:
    """float32 [side side 3] in 0..255; grey is repeated. An image that has the size already stays as it is.

    clean: antialiased bicubic per channel in floats (Parmar et al. 2021, arXiv:2104.11222).
    tensorflow: bilinear without antialiasing, corners not aligned, as the FID paper's graph and torch-fidelity resize;
    only for comparison with numbers made so, as what it keeps of a large image depends on the phase of its pixels.
    """
    if resize == "clean":
        return resized_to(item, side, side, 3)
    pixels = image_array(item).astype(np.float32)
    across = _bilinear(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels, side, 1)
    return _bilinear(across, side, 0)


def _bilinear(x: Float[np.ndarray, "a b c"], side: int, axis: int) -> Float[np.ndarray, "d e c"]:
    low, high, share = _places(x.shape[axis], side)
    near, far = x.take(low, axis), x.take(high, axis)
    made: np.ndarray = near + (far - near) * (share[None, :, None] if axis == 1 else share[:, None, None])
    return made


@functools.lru_cache(maxsize=64)
def _places(length: int, side: int) -> tuple[Int[np.ndarray, " d"], Int[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """For each output pixel its lower and upper source and the share of the upper; float32, as the graph computes."""
    place = np.arange(side, dtype=np.float32) * np.float32(length / side)
    low = place.astype(np.int64)
    return low, np.minimum(low + 1, length - 1), (place - low.astype(np.float32)).astype(np.float32)
