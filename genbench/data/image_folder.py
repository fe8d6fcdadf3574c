"""The user's own images: a folder, with or without class folders."""

from __future__ import annotations

import numpy as np

from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.data._images import MAX_PIXELS, read_folder, resized
from genbench.data._splits import assemble, near_vectors, split
from genbench.data._texts import existing

# Mean difference of grey levels, at 16 x 16, below which two images count as one.
NEAR_GREY_LEVELS = 2.0


@dataset(modality="image", licence="the user's own")
def image_folder(
    *,
    path: str,
    size: int | None = None,
    held_out: float = 0.25,
    reserve: float = 0.15,
    seed: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> Dataset:
    """Images of any common format below a folder; where they lie in subfolders, these are their classes.

    size: every image becomes size x size; by default the most common size wins, and how many were resized is said.
    A corrupt file, or one above max_pixels, is named and set aside.
    """
    root = existing(path)
    if not root.is_dir():
        raise DataError(f"{path!r} is a file; image_folder wants a folder of images")
    images, files, spoiled, facts = read_folder(root, size=size, max_pixels=max_pixels)
    parts = [file.relative_to(root).parts for file in files]
    classes = {part[0] for part in parts if len(part) > 1}
    labelled = len(classes) > 1 and all(len(part) > 1 for part in parts)
    splits = {}
    if len(images) > 1:
        clusters = near_vectors(_thumbnails(images), radius=NEAR_GREY_LEVELS * 16)
        splits = split(clusters, held_out=held_out, reserve=reserve, seed=seed)
    return assemble(
        name=root.name,
        modality="image",
        items=images,
        keys=[file.relative_to(root).as_posix() for file in files],
        labels=[part[0] for part in parts] if labelled else None,
        splits=splits,
        quarantined=spoiled,
        licence="the user's own",
        source=str(path),
        facts=facts,
    )


def _thumbnails(images: list[np.ndarray]) -> np.ndarray:
    """[n 256] grey levels at 16 x 16."""
    return np.stack([resized(image, 16, 16).mean(axis=2).reshape(256) for image in images])
