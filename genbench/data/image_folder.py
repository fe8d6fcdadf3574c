"""The user's own images: a folder, with or without class folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genbench.core.data import Dataset, Split, dataset
from genbench.core.errors import DataError
from genbench.data._images import MAX_PIXELS, image_files, read_images, resized
from genbench.data._splits import Shares, assemble, near_vectors, partition
from genbench.data._texts import PRIVATE, existing

SIDE = 16
# Root mean square difference of levels (of 256), at 16 x 16, up to which two images count as one: more than JPEG at
# quality 75 moves a picture of 64 pixels or more (below 4), less than parts the nearest two of MNIST's test digits (7).
NEAR_LEVELS = 6.0


@dataset(modality="image", licence="the user's own")
def image_folder(
    *,
    path: str,
    size: int | None = None,
    held_out: float | str = 0.25,
    reserve: float = 0.2,
    seed: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> Dataset:
    """Images of any common format below a folder; where they all lie in subfolders, these are their classes.

    size: every image becomes size x size; by default the most common size wins, and how many were resized is said.
    held_out: the share kept from training, or the path of a second such folder.
    A corrupt file, or one above max_pixels, is named and set aside. Above 178 megapixels Pillow refuses in any case.
    """
    if size is not None and size < 1:
        raise DataError(f"size must be at least 1, got {size}")
    roots = [_folder(path), *([_folder(held_out)] if isinstance(held_out, str) else [])]
    files = [(root, file) for root in roots for file in image_files(root)]
    found = read_images([file for _, file in files], size=size, max_pixels=max_pixels)
    kept = set(found.files)
    names = [(root, file.relative_to(root)) for root, file in files if file in kept]
    own = sum(root == roots[0] for root, _ in names)
    if len(roots) > 1 and not 0 < own < len(names):
        raise DataError(f"no usable image in {path if own == 0 else held_out!r}")
    tops = [name.parts[0] for _, name in names]
    grouped = len(set(tops)) > 1 and all(len(name.parts) > 1 for _, name in names)
    splits: dict[Split, np.ndarray] = {}
    facts = found.facts
    if len(names) > 1:
        clusters = near_vectors(*_thumbnails(found.items))
        splits, said = partition(clusters, own, Shares(held_out, reserve, seed))
        facts = {**facts, **said}
    return assemble(
        name=roots[0].name,
        modality="image",
        items=found.items,
        keys=[name.as_posix() if root == roots[0] else f"held_out/{name.as_posix()}" for root, name in names],
        labels=tops if grouped else None,
        splits=splits,
        quarantined=found.quarantined,
        licence=PRIVATE,
        source=str(path),
        facts=facts,
    )


def _folder(path: str) -> Path:
    root = existing(path)
    if not root.is_dir():
        raise DataError(f"{path!r} is a file; image_folder wants a folder of images")
    return root


def _thumbnails(images: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """(levels [n 256c] at 16 x 16, the Euclidean radius that stands for NEAR_LEVELS); colour counts."""
    small = np.stack([resized(image, SIDE, SIDE).reshape(-1) for image in images]).astype(np.float64)
    return small, float(NEAR_LEVELS * np.sqrt(small.shape[1]))
