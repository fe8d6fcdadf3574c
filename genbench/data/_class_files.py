"""Classes in files beside the images, as WebDataset keeps them: `0001.cls` holds the class of `0001.png`."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePath

from genbench.data._archives import Member, is_archive, members

SUFFIX = ".cls"
LONGEST = 200  # bytes of a class file: a number or a name
FACT = "class files"


def stem(name: PurePath) -> PurePath:
    """What files of one sample share: the name up to its first dot, and its folders."""
    return name.parent / name.name.partition(".")[0]


def classes_beside(root: Path, names: Sequence[PurePath]) -> tuple[list[str] | None, dict[str, str]]:
    """(the class of each image below root, facts); no classes where an image has none, which the facts say."""
    found: dict[PurePath, str] = {}
    places: list[tuple[PurePath, Member | Path]]
    if is_archive(root):
        places = [(member.name, member) for member in members(root, frozenset({SUFFIX})) if not member.fault]
    else:
        places = [(path.relative_to(root), path) for path in root.rglob(f"*{SUFFIX}") if path.is_file()]
    for name, place in places:
        if (text := _text(place)) is not None:
            found[stem(name)] = text
    if not found:
        return None, {}
    labels = [found.get(stem(name)) for name in names]
    known = [label for label in labels if label is not None]
    if len(known) < len(labels):
        return None, {FACT: f"not used: {len(labels) - len(known)} of {len(labels)} images have none that can be read"}
    return known, {FACT: f"one beside each image, {len(set(known))} classes"}


def _text(place: Member | Path) -> str | None:
    """The one line of a class file; None where it is anything else."""
    try:
        if isinstance(place, Path):
            with place.open("rb") as handle:
                raw = handle.read(LONGEST + 1)
        else:
            raw = place.read()
        text = raw.decode("utf-8").strip()
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return None
    return text if text and len(raw) <= LONGEST and text.isprintable() else None
