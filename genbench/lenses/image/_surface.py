"""What every image lens shares: fingerprints, perturbations, the range of a model's input, pictures for a report.

An image is uint8 [height width channels] with 1 or 3 channels.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.fft import dctn

from genbench.core.data import Item
from genbench.core.evidence import Arrays, Fingerprints, Rng
from genbench.core.lens import Rendering

SMALLEST_SHOWN, LARGEST_SHOWN = 64, 192
# Two images whose 64-bit hashes differ in at most five bits count as near-duplicates.
NEAR = 59 / 64


class ImageSurface:
    """Mixed into image lenses; what differs between them is only how they embed."""

    def fingerprints(self, items: Sequence[Item]) -> Fingerprints:
        """[n 64] bits: signs of the low DCT frequencies of the grey image at 32 x 32, against their median."""
        return Fingerprints(np.stack([_perceptual_hash(item) for item in items]), NEAR)

    def perturb(self, items: Sequence[Item], rng: Rng, strength: float) -> list[Item]:
        """Noise, a change of brightness and a shift of up to `strength` of the width, all growing with strength."""
        return [_perturbed(item, rng, strength) for item in items]

    def arrays(self, items: Sequence[Item]) -> Arrays:
        """float32 [n c h w] in [0, 1]."""
        return Arrays(stacked(items), 0.0, 1.0)

    def render(self, item: Item) -> Rendering:
        """A PNG, small images enlarged without blur, large ones reduced."""
        pixels = np.asarray(item)
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


def stacked(items: Sequence[Item]) -> np.ndarray:
    """Images of one shape as float32 [n c h w] in [0, 1]."""
    x: np.ndarray = np.stack(list(items)).astype(np.float32).transpose(0, 3, 1, 2) / 255.0
    return np.ascontiguousarray(x)


def resize_float(item: Item, side: int) -> np.ndarray:
    """float32 [side side c] in 0..255, antialiased bicubic per channel, unrounded (clean-fid, arXiv:2104.11222)."""
    planes = [
        np.asarray(Image.fromarray(item[:, :, c].astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC))
        for c in range(item.shape[2])
    ]
    made: np.ndarray = np.clip(np.stack(planes, axis=2), 0.0, 255.0)
    return made


def coloured(item: np.ndarray) -> np.ndarray:
    """Grey repeated to three channels; colour as it is."""
    colour: np.ndarray = np.repeat(item, 3, axis=2) if item.shape[2] == 1 else item
    return colour


def _perceptual_hash(item: Item) -> np.ndarray:
    grey = resize_float(np.asarray(item).mean(axis=2, keepdims=True), 32)[:, :, 0]
    low = dctn(grey, norm="ortho")[:8, :8].reshape(-1)
    low[0] = 0.0  # the mean brightness says nothing of the picture
    bits: np.ndarray = (low > np.median(low[1:])).astype(np.int64)
    return bits


def _perturbed(item: Item, rng: Rng, strength: float) -> np.ndarray:
    if strength == 0:
        return np.asarray(item).copy()
    pixels = np.asarray(item).astype(np.float64)
    reach = round(strength * pixels.shape[1])
    shift = tuple(rng.integers(-reach, reach + 1, size=2)) if reach else (0, 0)
    moved = np.roll(pixels, shift, axis=(0, 1))
    moved = moved * (1 + strength * rng.uniform(-1, 1)) + rng.normal(0, 64 * strength, pixels.shape)
    whole: np.ndarray = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    return whole
