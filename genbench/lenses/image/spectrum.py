"""How strong an image is at each fineness of detail, and how sharp: blur and checkerboards show here first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.errors import LensError
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, image_array

BANDS = 16
SMALLEST = 4  # pixels of the shorter side: two bands
NYQUIST = 0.5  # cycles per pixel: the finest stripes that pixels can show along an axis
ROUNDING = 1 / 12  # variance of rounding to whole grey levels: no image is known better than that
LAPLACIAN_GAIN = 20  # 4^2 + 4 * 1^2: by what the Laplacian raises the variance of white noise


@lens(
    modality="image",
    cites=[
        "Durall et al. 2020, arXiv:2003.01826 (spectra of upsampled images)",
        "Pech-Pacheco et al. 2000, doi:10.1109/ICPR.2000.903548 (variance of the Laplacian)",
    ],
    titles={
        "quality.means.distance": "Spectrum distance (dB)",
        "quality.frechet.distance": "Fréchet distance of spectra",
        "quality.kernel.mmd2": "Kernel distance of spectra",
    },
)
class Spectrum(ImageSurface):
    """Radially averaged power spectrum of the grey image in dB, coarse to fine, and its sharpness in dB as last value.

    Coordinates 0 to b - 1: mean power of the rings ((i / b), ((i + 1) / b)] of the Nyquist frequency; coordinate b: the
    corners beyond it, where a checkerboard of single pixels lies; coordinate b + 1: sharpness, the variance of the
    Laplacian over 20. dB = 10 log10(power + 1/12), 1/12 being the noise of rounding: white noise of variance v reads
    10 log10 v everywhere, a flat image -10.8. The mean grey does not count.

    bands: b; by default 16, or half the shorter side where that is less. Images are never resized, as that would
    draw the spectrum anew. One that is smaller than 2 b pixels is refused.
    """

    def __init__(self, *, bands: int | None = None) -> None:
        if bands is not None and bands < 2:
            raise LensError(f"image.spectrum: at least 2 bands are wanted, got {bands}")
        self.bands = bands

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        rows = [self._row(image_array(item)) for item in items]
        if len(lengths := sorted({len(row) for row in rows})) > 1:
            raise LensError(
                f"image.spectrum: small images of different sizes have {' and '.join(str(n - 2) for n in lengths)} "
                "bands; set the lens's `bands` to the least of them"
            )
        return np.stack(rows)

    def _row(self, item: np.ndarray) -> Float[np.ndarray, " d"]:
        side = min(item.shape[:2])
        bands = self.bands or min(BANDS, side // 2)
        if side < max(SMALLEST, 2 * bands):
            raise LensError(
                f"image.spectrum: {bands} bands need {max(SMALLEST, 2 * bands)} pixels a side, got "
                f"{' x '.join(map(str, item.shape[:2]))}"
            )
        grey = item.mean(axis=2, dtype=np.float64)
        return decibels(np.append(rings(grey, bands), sharpness(grey)))


def decibels(power: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    made: np.ndarray = 10 * np.log10(power + ROUNDING)
    return made


def rings(grey: Float[np.ndarray, "h w"], bands: int) -> Float[np.ndarray, " k"]:
    """Mean of |F|^2 / (h w) in each of `bands` rings up to Nyquist and in the corners beyond: [bands + 1]."""
    height, width = grey.shape
    power = np.square(np.abs(np.fft.rfft2(grey - grey.mean()))) / (height * width)
    down, right = np.fft.fftfreq(height), np.fft.rfftfreq(width)
    radius = np.hypot(down[:, None], right[None, :]) / NYQUIST
    ring = np.minimum(np.ceil(radius * bands - 1e-9).astype(np.int64) - 1, bands)  # -1: the mean, left out
    # Of a real image's spectrum one half is kept; columns that stand for two count twice.
    twice = np.ones(len(right))
    twice[1 : (width + 1) // 2] = 2
    weights = np.broadcast_to(twice, power.shape)[ring >= 0]
    where = ring[ring >= 0]
    sums = np.bincount(where, weights=weights * power[ring >= 0], minlength=bands + 1)
    made: np.ndarray = sums / np.bincount(where, weights=weights, minlength=bands + 1)
    return made


def sharpness(grey: Float[np.ndarray, "h w"]) -> float:
    """Variance of the 4-neighbour Laplacian inside the image, over 20: the variance of white noise as sharp."""
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.var(around - 4 * inner)) / LAPLACIAN_GAIN
