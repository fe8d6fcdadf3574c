"""What happens to images on their way: noise, blur, compression, crops; at severities from 1 (slight) to 5 (grave).

After Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, whose severities are for 224 pixels a side: lengths
here are shares of the shorter side, so that an image of 28 pixels is spoiled as gravely. Shape and colour stay.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter

from genbench.core.data import Item
from genbench.core.errors import LensError
from genbench.core.evidence import Rng
from genbench.lenses.image._planes import image_array

NOISE = (0.04, 0.06, 0.09, 0.13, 0.19)  # standard deviation, of a range of 1
BLUR = (0.004, 0.008, 0.013, 0.02, 0.03)  # standard deviation, of the shorter side
CONTRAST = (0.75, 0.6, 0.45, 0.3, 0.2)  # of the distances from the mean grey, what is left
JPEG = (80, 65, 50, 25, 15)  # quality, by libjpeg's scale
PIXELS = (0.75, 0.6, 0.5, 0.4, 0.3)  # of the sides, before pixels are repeated
RESIZED = (0.9, 0.75, 0.6, 0.5, 0.4)  # of the sides, before the image is enlarged again
CROPPED = (0.02, 0.05, 0.08, 0.11, 0.15)  # of each edge, before the rest is enlarged to the whole

GRAIN, STEP = 4.0, 8  # grey levels: of the noise, and of the requantization, that no eye sees


class Corruptions:
    """Mixed into image lenses."""

    def corruptions(self) -> tuple[str, ...]:
        return tuple(CORRUPTIONS)

    def corrupt(self, items: Sequence[Item], name: str, severity: int, rng: Rng) -> list[Item]:
        """Images of the same shapes, spoiled; `LensError` for a name or severity that is not known."""
        if name not in CORRUPTIONS or severity not in range(1, 6):
            raise LensError(f"images are spoiled by {', '.join(CORRUPTIONS)} at 1 to 5, got {name!r} at {severity}")
        return [CORRUPTIONS[name](image_array(item), severity - 1, rng) for item in items]

    def coarsen(self, items: Sequence[Item], rng: Rng) -> list[Item]:
        """Noise of up to 4 grey levels, then rounding to every eighth: some 3.3 levels off, as root mean square.

        What a picture hides in fractions of what can be seen does not outlive it; what it shows does.
        """
        made: list[Item] = []
        for item in items:
            pixels = image_array(item)
            noisy = pixels + rng.uniform(-GRAIN, GRAIN, pixels.shape)
            made.append(_whole(STEP * np.rint(noisy / STEP)))
        return made


def _noise(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    return _whole(pixels + 255 * NOISE[at] * rng.standard_normal(pixels.shape))


def _blur(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    radius = max(0.3, BLUR[at] * min(pixels.shape[:2]))  # below, nothing would be blurred
    return _array(_picture(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _contrast(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    mean = pixels.mean()
    return _whole(mean + CONTRAST[at] * (pixels - mean))


def _jpeg(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    file = io.BytesIO()
    _picture(pixels).save(file, "JPEG", quality=JPEG[at])
    with Image.open(file) as opened:
        return _array(opened)


def _pixelate(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    picture = _picture(pixels)
    return _array(_scaled(picture, PIXELS[at], Image.Resampling.BOX).resize(picture.size, Image.Resampling.NEAREST))


def _resize(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    picture, by = _picture(pixels), Image.Resampling.BICUBIC
    return _array(_scaled(picture, RESIZED[at], by).resize(picture.size, by))


def _crop(pixels: np.ndarray, at: int, rng: Rng) -> np.ndarray:
    picture = _picture(pixels)
    off = [CROPPED[at] * side for side in picture.size]
    inside = (off[0], off[1], picture.width - off[0], picture.height - off[1])
    return _array(picture.resize(picture.size, Image.Resampling.BICUBIC, box=inside))


CORRUPTIONS: dict[str, Callable[[np.ndarray, int, Rng], np.ndarray]] = {
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
    "JPEG": _jpeg,
    "pixelate": _pixelate,
    "resize": _resize,
    "crop": _crop,
}


def _scaled(picture: Image.Image, share: float, by: Image.Resampling) -> Image.Image:
    return picture.resize((max(1, round(picture.width * share)), max(1, round(picture.height * share))), by)


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _array(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture)
    return pixels[:, :, None].copy() if pixels.ndim == 2 else pixels.copy()


def _whole(pixels: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return made
