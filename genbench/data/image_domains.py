"""Two folders of images that lie apart, as the two domains of a translation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.core.places import FileOrFolder
from genbench.data._archives import Member, is_archive
from genbench.data._images import MAX_PIXELS, image_files, read_images
from genbench.data._pictures import Pictures, image_dataset
from genbench.data._splits import Shares
from genbench.data._texts import PRIVATE, existing

NAMES = ("one", "other")


@dataset(modality="image", licence="the user's own")
def image_domains(
    *, one: FileOrFolder, other: FileOrFolder, size: int | None = None, held_out: float = 0.25, reserve: float = 0.2,
    seed: int = 0, max_pixels: int = MAX_PIXELS,
) -> Dataset:  # fmt: skip
    """Images of two folders, or archives of them, whatever lies below each: the groups are `one` and `other`.

    For `cyclegan`, which translates the first of two groups into the second, and for any probe of groups. Two
    sub-folders of one folder are groups by themselves, see image_folder, and so is what sizes and faults come to.
    """
    roots = [existing(path) for path in (one, other)]
    for path, root in zip((one, other), roots, strict=True):
        if not root.is_dir() and not is_archive(root):
            raise DataError(f"{path!r} is neither a folder of images nor an archive of one")
    _apart((one, other), roots)
    files = [(name, root, file) for name, root in zip(NAMES, roots, strict=True) for file in image_files(root)]
    found = read_images([file for _, _, file in files], size=size, max_pixels=max_pixels)
    kept = set(found.files)
    used = [(name, root, file) for name, root, file in files if file in kept]
    labels = [name for name, _, _ in used]
    if missing := [path for name, path in zip(NAMES, (one, other), strict=True) if name not in labels]:
        raise DataError(f"no usable image in {missing[0]!r}")
    below = [file.name if isinstance(file, Member) else file.relative_to(root) for _, root, file in used]
    keys = [f"{name}/{place.as_posix()}" for name, place in zip(labels, below, strict=True)]
    pictures = Pictures(
        found.items, keys, len(used), labels=labels, quarantined=found.quarantined, facts={
            **found.facts, **{name: root.name for name, root in zip(NAMES, roots, strict=True)},
        },
    )  # fmt: skip
    stems = [root.name if root.is_dir() else root.name.partition(".")[0] for root in roots]
    return image_dataset(
        pictures, Shares(held_out, reserve, seed), name=" and ".join(stems), licence=PRIVATE, source=f"{one}, {other}"
    )


def _apart(paths: tuple[str, str], roots: Sequence[Path]) -> None:
    """Refuses one place under two names, and a folder within the other: its images would be of both domains."""
    first, second = (root.resolve() for root in roots)
    if first == second:
        raise DataError(f"{paths[0]!r} and {paths[1]!r} are one place: two domains lie in two")
    for (inner, within), (outer, around) in permutations(zip(paths, (first, second), strict=True), 2):
        if within.is_dir() and around in within.parents:
            raise DataError(f"{inner!r} lies within {outer!r}, so its images would be of both domains; give two places")
