"""What every image lens shares: fingerprints, perturbations, the range of a model's input, pictures for a report.

An image is uint8 [height width channels] with 1 or 3 channels.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image
from scipy.fft import dctn

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.errors import LensError
from genbench.core.evidence import Arrays, Fingerprints, Rng
from genbench.core.lens import Embeds, Rendering
from genbench.lenses.image._corruptions import Corruptions
from genbench.lenses.image._planes import Unrounded
from genbench.lenses.image._planes import image_array as image_array
from genbench.lenses.image._planes import resize_float as resize_float
from genbench.lenses.image._watermark import Watermark

SMALLEST_SHOWN, LARGEST_SHOWN = 64, 192
BITS = 256
# Images whose 256 bits differ in at most sixteen, about 11 degrees between their weighted spectra, are near-duplicates.
# Noise of a tenth of the spread stays below in 99 of 100 handwritten digits, whose nearest neighbours of another
# writing reach it in 1 of 100.
NEAR = 240 / 256


class ImageSurface(Corruptions, Watermark):
    """Mixed into image lenses; what differs between them is only how they embed."""

    def fingerprints(self, items: Sequence[Item]) -> Fingerprints:
        """[n 256] bits: signs of fixed random projections of each image's low frequencies.

        The grey image at 32 x 32 gives its 8 x 8 lowest DCT coefficients but the mean, each times its frequency, as
        natural images fall off by 1/f. Two images at an angle a between these have an expected share 1 - a/pi of
        equal bits (Charikar 2002, "Similarity estimation techniques from rounding algorithms"). Brightness and
        contrast do not count; flat images are all alike.
        """
        low = np.stack([_spectrum(image_array(item)) for item in items])
        return Fingerprints((low @ _directions() > 0).astype(np.int64), NEAR)

    def perturb(self, items: Sequence[Item], rng: Rng, strength: float) -> list[Item]:
        """Noise, a change of brightness and a shift of up to `strength` of the width, all growing with strength."""
        return [_perturbed(image_array(item), rng, strength) for item in items]

    def arrays(self, items: Sequence[Item]) -> Arrays:
        """float32 [n c h w] in [0, 1]."""
        return Arrays(stacked(items), 0.0, 1.0)

    def array_features(self: Embeds, x: Float[np.ndarray, "n c h w"]) -> Float[np.ndarray, "n d"]:
        """Features of unrounded images in [0, 1]. Where a lens resizes, what lies outside is clipped to the range."""
        return self.features([Unrounded(255.0 * one.transpose(1, 2, 0).astype(np.float64)) for one in x])

    def render(self, item: Item) -> Rendering:
        """A PNG, small images enlarged without blur, large ones reduced."""
        pixels = image_array(item)
        image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        side = max(image.size)
        if side < SMALLEST_SHOWN:
            factor = -(-SMALLEST_SHOWN // side)
            image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
        else:
            image.thumbnail((LARGEST_SHOWN, LARGEST_SHOWN))
        buffer = io.BytesIO()
        image.save(buffer, "PNG", optimize=True)
        return Rendering("image", png=buffer.getvalue())


def stacked(items: Sequence[Item]) -> Float[np.ndarray, "n c h w"]:
    """Images of one shape as float32 [n c h w] in [0, 1]; `LensError` where their shapes differ."""
    images = [image_array(item) for item in items]
    if len(shapes := sorted({image.shape for image in images})) > 1:
        shown = ", ".join(" x ".join(map(str, shape)) for shape in shapes[:4])
        raise LensError(f"images of one shape are wanted, got {shown}: give the data a `size`, or resize the outputs")
    x: np.ndarray = np.stack(images).astype(np.float32).transpose(0, 3, 1, 2) / 255.0
    return np.ascontiguousarray(x)


def resized_to(item: Item, height: int, width: int, channels: int) -> Float[np.ndarray, "h w c"]:
    """float32 in 0..255 of one shape, whatever the item's own: grey is repeated, colour averaged, where needed."""
    pixels = image_array(item)
    if pixels.shape[2] > channels:
        pixels = pixels.mean(axis=2, keepdims=True)
    sized = pixels.astype(np.float32) if pixels.shape[:2] == (height, width) else resize_float(pixels, height, width)
    return np.repeat(sized, channels, axis=2) if sized.shape[2] < channels else sized


@functools.cache
def _directions() -> Float[np.ndarray, "64 k"]:
    return stream(0, "image fingerprints").standard_normal((64, BITS))


@functools.cache
def _frequency() -> Float[np.ndarray, "8 8"]:
    steps = np.arange(8.0)
    frequency: np.ndarray = np.hypot(steps[:, None], steps[None, :])  # 0 for the mean, which so drops out
    return frequency


def _spectrum(pixels: np.ndarray) -> Float[np.ndarray, " 64"]:
    """Weighted low DCT coefficients, with rounding noise (of flat images) put to 0."""
    grey = resize_float(pixels.mean(axis=2, keepdims=True), 32, 32)[:, :, 0].astype(np.float64)
    low: np.ndarray = (dctn(grey, norm="ortho")[:8, :8] * _frequency()).reshape(-1)
    return np.where(np.abs(low) < 1e-2, 0.0, low)


def _perturbed(item: np.ndarray, rng: Rng, strength: float) -> np.ndarray:
    if strength == 0:
        return item.copy()
    height, width = item.shape[:2]
    reach = round(strength * width)
    down, right = (int(step) for step in rng.integers(-reach, reach + 1, size=2))
    rows, columns = np.arange(height) - down, np.arange(width) - right  # what is moved in repeats the edge
    moved = item[rows.clip(0, height - 1)][:, columns.clip(0, width - 1)].astype(np.float64)
    moved = moved * (1 + strength * rng.uniform(-1, 1)) + rng.normal(0, 64 * strength, item.shape)
    whole: np.ndarray = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    return whole
