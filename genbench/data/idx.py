"""MNIST and its kin: images in idx files, as LeCun, Cortes and Burges published them."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.core.places import File, FileOrFolder
from genbench.data._images import MAX_BYTES
from genbench.data._pictures import Pictures, image_dataset
from genbench.data._splits import Shares
from genbench.data._texts import PRIVATE, existing

NAMES = ("{}-images-idx3-ubyte", "{}-images.idx3-ubyte", "{}-images-idx3-ubyte.gz", "{}-images.idx3-ubyte.gz")


@dataset(modality="image", licence="the user's own")
def idx(
    *, path: str, labels: File | None = None, held_out: float | FileOrFolder | None = None, reserve: float = 0.2,
    seed: int = 0, limit: int | None = None,
) -> Dataset:  # fmt: skip
    """Grey images [n h w] in an idx file (.gz or not), or a folder with the four files of MNIST or Fashion-MNIST.

    labels: the file of their classes; by default the one beside them with `labels-idx1` in its name. held_out: the
    share kept from training, or a second file of images; by default `t10k-images...` of the folder, else a quarter.
    limit: the first so many images of each file.
    """
    images = images_in(existing(path))
    if held_out is None:
        test = _beside(images.parent, "t10k") if existing(path).is_dir() else None
        held_out = str(test) if test and test != images else 0.25
    sides = [_read(images, limit)]
    classes = [_classes(images, labels, len(sides[0]), limit)]
    if isinstance(held_out, str):
        other = existing(held_out)
        sides.append(_read(other, limit))
        classes.append(_classes(other, None, len(sides[1]), limit))
        if sides[1].shape[1:] != sides[0].shape[1:]:
            raise DataError(f"{images} and {other} hold images of two sizes")
    said = [one for one in classes if one is not None]
    pictures = Pictures(
        [image for side in sides for image in side],
        [f"{name}{i}" for name, side in zip(("image/", "held_out/image/"), sides) for i in range(len(side))],
        len(sides[0]),
        labels=[str(label) for label in np.concatenate(said)] if len(said) == len(sides) else None,
    )
    name = images.parent.name if existing(path).is_dir() else images.name.partition("-images")[0]
    return image_dataset(pictures, Shares(held_out, reserve, seed), name=name, licence=PRIVATE, source=str(path))


def images_in(found: Path) -> Path:
    """The file itself, or the training images of a folder."""
    if found.is_file():
        return found
    images = _beside(found, "train") or _beside(found, "t10k")
    if images is None:
        raise DataError(f"{str(found)!r} holds no {NAMES[0].format('train')}")
    return images


def _beside(folder: Path, part: str) -> Path | None:
    return next((folder / name.format(part) for name in NAMES if (folder / name.format(part)).is_file()), None)


def _classes(images: Path, labels: str | None, n: int, limit: int | None) -> np.ndarray | None:
    """Labels [n] of the images, from the file named or the one beside them."""
    told = existing(labels) if labels else None
    name = images.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1")
    file = told or (images.with_name(name) if name != images.name else None)
    if file is None or not file.is_file():
        return None
    found = _numbers(file, 1)[:limit]
    if len(found) != n:
        raise DataError(f"{images} holds {n} images, and {file} {len(found)} labels")
    return found


def _read(file: Path, limit: int | None) -> np.ndarray:
    if limit is not None and limit < 1:
        raise DataError(f"limit must be at least 1, got {limit}")
    return _numbers(file, 3)[:limit, :, :, None]  # [n h w] -> [n h w 1]


def _numbers(file: Path, dimensions: int) -> np.ndarray:
    """uint8 array of an idx file: two zeros, the type 8, the number of dimensions, each as 32 bits, and the bytes."""
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as handle:
            head = handle.read(4 + 4 * dimensions)
            if len(head) < 4 + 4 * dimensions or head[:4] != bytes((0, 0, 8, dimensions)):
                what = "images [n h w]" if dimensions == 3 else "labels [n]"
                raise DataError(f"{file} is no idx file of {what} in single bytes: it begins with {head[:4].hex(' ')}")
            shape = tuple(int(side) for side in np.frombuffer(head[4:], dtype=">u4"))
            size = int(np.prod(shape, dtype=object))
            if not 0 < size <= MAX_BYTES:
                raise DataError(f"{file} would hold {list(shape)} numbers; at most {MAX_BYTES >> 30} GiB are read")
            body = handle.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file} cannot be read: {type(error).__name__}: {error}") from error
    if len(body) != size:
        more = "more" if len(body) > size else f"only {len(body):,}"
        raise DataError(f"{file} should hold {list(shape)} = {size:,} bytes and holds {more}")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)
