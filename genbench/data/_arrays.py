"""Reads .npy and .npz files of images from strangers: no pickles, bounded, and eight bits by a rule that is said."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genbench.core.errors import DataError
from genbench.data._images import MAX_BYTES, MAX_PIXELS

SUFFIXES = (".npy", ".npz")
IMAGES = ("images", "samples", "arr_0", "x", "x_train")  # how those who sample large models name them
LABELS = ("labels", "label", "arr_1", "y", "y_train")
BLOCK = 256  # images converted at a time


@dataclass(frozen=True)
class ArrayImages:
    """Images uint8 [n h w c], their labels [n] if the file has any, and what was done to them."""

    images: np.ndarray
    labels: np.ndarray | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def read_arrays(path: Path) -> ArrayImages:
    """An array of images [n h w], [n h w c] or [n c h w], where c is 1 or 3.

    Whole numbers lie in 0..255. Floats that lie in [0, 1] are multiplied by 255, and floats in [-1, 1] of which some
    are negative are mapped from there; others are refused, since nothing says what they mean. `DataError` for all else.
    """
    try:
        arrays = _of_npz(path) if path.suffix.lower() == ".npz" else {"": np.load(path, "r", allow_pickle=False)}
    except (ValueError, OSError, EOFError, KeyError, MemoryError, OverflowError, zipfile.BadZipFile) as error:
        hint = (
            "; it holds Python objects, which are not unpickled"
            if "ickle" in f"{error}" or "object" in f"{error}"
            else ""
        )
        raise DataError(f"{path} is no whole NumPy file of numbers: {type(error).__name__}: {error}{hint}") from error
    raw = next(iter(arrays.values()))
    facts: dict[str, Any] = {}
    if raw.ndim == 4 and raw.shape[3] not in (1, 3) and raw.shape[1] in (1, 3):
        raw = raw.transpose(0, 2, 3, 1)  # [n c h w] -> [n h w c]
        facts["channels"] = "came first and were moved to the end"
    raw = raw[..., None] if raw.ndim == 3 else raw
    if raw.ndim != 4 or raw.shape[3] not in (1, 3) or 0 in raw.shape:
        shape = list(next(iter(arrays.values())).shape)
        raise DataError(f"{path} holds an array {shape}; images are [n h w], [n h w c] or [n c h w] with c of 1 or 3")
    if raw.shape[1] * raw.shape[2] > MAX_PIXELS or raw.size > MAX_BYTES:
        raise DataError(f"{path} holds {list(raw.shape)} numbers; at most {MAX_BYTES >> 30} GiB of pixels are held")
    images, said = _eight_bits(raw, path)
    labels = next((a for name, a in arrays.items() if name in LABELS and a.shape == (len(raw),)), None)
    return ArrayImages(images, labels if labels is not None and labels.dtype.kind in "iu" else None, {**facts, **said})


def _of_npz(path: Path) -> dict[str, np.ndarray]:
    """The array of images first, and then the labels. What is not wanted is not read."""
    with np.load(path, allow_pickle=False) as archive, zipfile.ZipFile(path) as entries:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in entries.infolist()}
        first = next((name for name in IMAGES if name in archive.files), None)
        if first is None and len(archive.files) == 1:
            first = archive.files[0]
        if first is None:
            names = ", ".join(archive.files[:8])
            raise DataError(f"{path} holds {names or 'nothing'}; name its images one of {', '.join(IMAGES)}")
        wanted = [first, *(name for name in LABELS if name in archive.files and name != first)]
        for name in wanted:
            if sizes.get(name, 0) > 8 * MAX_BYTES:  # as float64
                raise DataError(f"{path}: {name} would have {sizes[name]:,} bytes when read")
        return {name: archive[name] for name in wanted}


def _eight_bits(raw: np.ndarray, path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """(uint8 of the same shape, what was done)."""
    if raw.dtype == np.uint8:
        return np.ascontiguousarray(raw), {}
    if raw.dtype.kind not in "iuf":
        raise DataError(f"{path} holds {raw.dtype}; images are uint8, or floats in [0, 1] or [-1, 1]")
    low, high = np.inf, -np.inf
    for at in range(0, len(raw), BLOCK):
        part = raw[at : at + BLOCK]
        odd = ~np.isfinite(part).all(axis=(1, 2, 3))
        if odd.any():
            raise DataError(f"{path}: image {at + int(np.argmax(odd))} holds NaN or infinity")
        low, high = min(low, float(part.min())), max(high, float(part.max()))
    if raw.dtype.kind == "f":
        scale = 127.5 if low < 0 else 255.0
        fits, said = low >= -1 and high <= 1, f"{raw.dtype} in [{'-1' if low < 0 else '0'}, 1] made 0..255"
    else:
        scale, fits, said = 1.0, low >= 0 and high <= 255, ""
    if not fits:
        raise DataError(
            f"{path} holds {raw.dtype} from {low:.4g} to {high:.4g}, and nothing says what these stand for: "
            "save uint8, or clip floats to [0, 1] or [-1, 1]"
        )
    shift = 127.5 if scale == 127.5 else 0.0
    images = np.empty(raw.shape, dtype=np.uint8)
    for at in range(0, len(raw), BLOCK):
        images[at : at + BLOCK] = np.rint(raw[at : at + BLOCK].astype(np.float64) * scale + shift)
    return images, {"floats": said} if said else {}
