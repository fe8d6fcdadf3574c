"""An invisible mark in images: spread over many middle frequencies, so that no single change of the image removes it.

Spread spectrum in the cosine transform (Cox et al. 1997, doi:10.1109/83.650120), each frequency as strong as its ring
lets it be unseen. Who has the key finds the mark without the original.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image
from scipy.fft import dct, idctn
from scipy.stats import norm

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.lenses.image._planes import image_array, resize_float

SIDE = 128  # pixels of the frame in which a mark lies, whatever the image's size; smaller images are their own frame
BAND = (1 / 16, 5 / 16)  # of the frame's frequencies: coarser ones are seen, finer ones do not outlive compression
SHARE = 0.3  # of a ring's root mean square, what the mark adds
LEAST, MOST = 1.0, 16.0  # grey levels, as coefficients of an orthonormal transform
CROPS = tuple(0.0125 * step for step in range(13))  # of each edge, that may have been cut: the search for the frame
BEYOND = 35.0  # standard deviations past which no probability is told apart from 0


class Watermark:
    """Mixed into image lenses."""

    def mark(self, items: Sequence[Item], key: int) -> list[Item]:
        """The same images with the mark of this key, some 2 to 4 grey levels as root mean square."""
        return [_marked(image_array(item), key) for item in items]

    def mark_scores(self, items: Sequence[Item], keys: Sequence[int]) -> Float[np.ndarray, "n k"]:
        """[n k]: z of the mark of each key, at most standard normal where there is none.

        With c the image's coefficients over their ring's root mean square and s the key's signs, sum s c / |c| has
        variance 1 for random signs, whatever the image. The best of 13 central crops counts, as one draw of 13 would:
        z of p = 1 - (1 - p_best)^13.
        """
        return np.stack([_scores(image_array(item), keys) for item in items])


def _marked(pixels: np.ndarray, key: int) -> np.ndarray:
    height, width, _ = pixels.shape
    side = _side(pixels)
    inside, ring = _band(side)
    loud = _loudness(_coefficients(_frame(pixels, side), 0.0)[inside], ring)
    added, most = np.zeros((side, side)), len(inside)
    added[:most, :most][inside] = np.clip(SHARE * loud[ring], LEAST, MOST) * _signs(side, key)
    there = idctn(added, norm="ortho")[:, :, None]
    if (height, width) != (side, side):  # resize_float keeps to grey levels, and the mark has two signs
        there = resize_float(there + 128.0, height, width) - 128.0
    whole: np.ndarray = np.clip(np.rint(pixels + there), 0, 255).astype(np.uint8)
    return whole


def _scores(pixels: np.ndarray, keys: Sequence[int]) -> Float[np.ndarray, " k"]:
    side = _side(pixels)
    inside, ring = _band(side)
    frame, flat = _frame(pixels, side), []
    for crop in CROPS:
        c = _coefficients(frame, crop)[inside]
        c = c / np.maximum(_loudness(c, ring)[ring], 1e-3)
        flat.append(c / max(float(np.sqrt(np.square(c).sum())), 1e-9))
    signs = np.stack([_signs(side, key) for key in keys])
    best = np.minimum((signs @ np.stack(flat).T).max(axis=1), BEYOND)
    low = norm.ppf(np.exp(len(CROPS) * norm.logcdf(best)))  # exact where p is near 1, as the other is near 0
    high = norm.isf(-np.expm1(len(CROPS) * np.log1p(-norm.sf(np.maximum(best, 0.0)))))
    made: np.ndarray = np.where(best < 0, low, high)
    return made


def _side(pixels: np.ndarray) -> int:
    height, width = pixels.shape[:2]
    return min(SIDE, int(height), int(width))


def _frame(pixels: np.ndarray, side: int) -> Float[np.ndarray, "s s"]:
    """The grey image about its mean."""
    grey = resize_float(pixels.mean(axis=2, keepdims=True), side, side)[:, :, 0].astype(np.float64)
    centred: np.ndarray = grey - grey.mean()
    return centred


def _coefficients(frame: Float[np.ndarray, "s s"], crop: float) -> Float[np.ndarray, "r r"]:
    """Cosine coefficients of a frame, as if `crop` of each edge of the image had been cut off."""
    a = _transform(len(frame), crop)
    found: np.ndarray = a @ frame @ a.T
    return found


@functools.cache
def _transform(side: int, crop: float) -> Float[np.ndarray, "r s"]:
    """The coarsest frequencies of a row that is first shrunk to where it lay before a crop, its edges left at 0."""
    kept = max(2, side - 2 * round(side * crop))
    shrunk = Image.fromarray(np.eye(side, dtype=np.float32)).resize((kept, side), Image.Resampling.BICUBIC)
    placed, at = np.zeros((side, side)), (side - kept) // 2
    placed[at : at + kept] = np.asarray(shrunk).T
    rows: np.ndarray = dct(placed, axis=0, norm="ortho")[: len(_band(side)[0])]
    return rows


def _loudness(c: Float[np.ndarray, " k"], ring: np.ndarray) -> Float[np.ndarray, " r"]:
    """Root mean square of the coefficients of each ring of frequencies."""
    made: np.ndarray = np.sqrt(np.bincount(ring, np.square(c)) / np.maximum(np.bincount(ring), 1))
    return made


@functools.cache
def _band(side: int) -> tuple[np.ndarray, np.ndarray]:
    """(which of a frame's coarsest coefficients carry the mark [r r], the ring of each that does [k])."""
    steps = np.arange(int(np.ceil(max(2.5, BAND[1] * side))))
    radius = np.hypot(steps[:, None], steps[None, :])
    inside = (radius >= max(1.0, BAND[0] * side)) & (radius < max(2.5, BAND[1] * side))
    return inside, (radius[inside] - radius[inside].min()).astype(np.int64)


@functools.lru_cache(maxsize=64)
def _signs(side: int, key: int) -> np.ndarray:
    inside, _ = _band(side)
    return stream(key, "watermark", side).choice([-1.0, 1.0], size=int(inside.sum()))
