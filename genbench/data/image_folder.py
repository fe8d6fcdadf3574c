"""The user's own images: a folder or an archive, with or without class folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.core.places import FileOrFolder
from genbench.data._archives import SUFFIXES as ARCHIVES
from genbench.data._archives import Member, is_archive
from genbench.data._class_files import classes_beside
from genbench.data._images import MAX_PIXELS, Place, image_files, read_images
from genbench.data._pictures import Pictures, image_dataset
from genbench.data._splits import Shares
from genbench.data._texts import PRIVATE, existing


@dataset(modality="image", licence="the user's own")
def image_folder(
    *,
    path: str,
    size: int | None = None,
    held_out: float | FileOrFolder = 0.25,
    reserve: float = 0.2,
    seed: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> Dataset:
    """Images of any common format below a folder; where they all lie in subfolders, these are their classes.

    Files beside them, `0001.cls` for `0001.png` as in WebDataset, name classes as well, and go before subfolders.
    A .zip, .tar or .tar.gz of such a folder counts as the folder; nothing is unpacked to disk.
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
    names = [(root, _below(root, file)) for root, file in files if file in kept]
    own = sum(root == roots[0] for root, _ in names)
    if len(roots) > 1 and not 0 < own < len(names):
        raise DataError(f"no usable image in {path if own == 0 else held_out!r}")
    keys = [name.as_posix() if root == roots[0] else f"held_out/{name.as_posix()}" for root, name in names]
    labels, said = _labels(roots, names)
    pictures = Pictures(
        found.items, keys, own, labels=labels, quarantined=found.quarantined, facts={**found.facts, **said}
    )
    stem = roots[0].name if roots[0].is_dir() else roots[0].name.partition(".")[0]
    return image_dataset(pictures, Shares(held_out, reserve, seed), name=stem, licence=PRIVATE, source=str(path))


def _labels(roots: Sequence[Path], names: Sequence[tuple[Path, PurePath]]) -> tuple[list[str] | None, dict[str, str]]:
    """The class of each image from files beside them, in all folders or none, or else from subfolders; and facts."""
    beside = [classes_beside(root, [name for own, name in names if own == root]) for root in roots]
    labels = [label for found, _ in beside for label in found or ()]
    facts = {key: fact for _, said in beside for key, fact in said.items()}
    if len(labels) == len(names) and len(set(labels)) > 1:
        return labels, facts
    return _classes([name for _, name in names]), facts


def _below(root: Path, file: Place) -> PurePath:
    return file.name if isinstance(file, Member) else file.relative_to(root)


def _classes(names: Sequence[PurePath]) -> list[str] | None:
    """The subfolder of each image, where there are at least two and no image lies beside them.

    Folders that hold everything say nothing, and are looked through: archives often have one more than the folder.
    """
    depth = 0
    while names and all(len(name.parts) > depth + 1 for name in names):
        tops = [name.parts[depth] for name in names]
        if len(set(tops)) > 1:
            return tops
        depth += 1
    return None


def _folder(path: str) -> Path:
    root = existing(path)
    if not root.is_dir() and not is_archive(root):
        raise DataError(f"{path!r} is a file; image_folder wants a folder of images, or a {', '.join(ARCHIVES)} of one")
    return root
