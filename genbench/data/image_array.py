"""The user's own images in a NumPy file."""

from __future__ import annotations

import numpy as np

from genbench.core.data import Dataset, dataset
from genbench.core.digest import file_digest
from genbench.core.errors import DataError
from genbench.core.places import FileOrFolder
from genbench.data._arrays import read_arrays
from genbench.data._pictures import Pictures, image_dataset
from genbench.data._splits import Shares
from genbench.data._texts import PRIVATE, existing


@dataset(modality="image", licence="the user's own")
def image_array(*, path: str, held_out: float | FileOrFolder = 0.25, reserve: float = 0.2, seed: int = 0) -> Dataset:
    """Images in a .npy or .npz file: uint8 [n h w], [n h w c] or [n c h w], or floats in [0, 1] or [-1, 1].

    An .npz may hold them as `images`, `samples`, `arr_0` or `x`, and their classes as `labels`, `arr_1` or `y`.
    held_out: the share kept from training, or the path of a second such file.
    """
    found = existing(path)
    own = read_arrays(found)
    sides, keys = [own], [f"image/{i}" for i in range(len(own.images))]
    if isinstance(held_out, str):
        other = read_arrays(existing(held_out))
        if other.images.shape[1:] != own.images.shape[1:]:
            shapes = f"{list(own.images.shape[1:])} and {list(other.images.shape[1:])}"
            raise DataError(f"{path} and {held_out} hold images of two shapes, {shapes}")
        sides.append(other)
        keys += [f"held_out/image/{i}" for i in range(len(other.images))]
    labels = [side.labels for side in sides if side.labels is not None]
    pictures = Pictures(
        [image for side in sides for image in side.images], keys, len(own.images),
        labels=[str(label) for label in np.concatenate(labels)] if len(labels) == len(sides) else None,
        facts={"sha256 of the file": file_digest(found), **own.facts},
    )  # fmt: skip
    shares = Shares(held_out, reserve, seed)
    return image_dataset(pictures, shares, name=found.stem, licence=PRIVATE, source=str(path))
