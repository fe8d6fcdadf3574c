"""Looks at a path and says what it is; reads outputs that are scored as they are, without a split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from genbench.core.data import Dataset, Item, Quarantined
from genbench.core.digest import digest
from genbench.core.errors import DataError
from genbench.data import csv as csv_source
from genbench.data import jsonl as jsonl_source
from genbench.data import text_file as text_source
from genbench.data import text_folder as folder_source
from genbench.data._images import MAX_PIXELS, SUFFIXES, image_files, read_folder
from genbench.data._texts import existing

BY_SUFFIX = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "text_file", ".md": "text_file"}


def sniff(path: str) -> tuple[str, dict[str, Any]]:
    """(data source, its settings) for a path. `DataError` says what was found where that decides nothing."""
    found = existing(path)
    if found.is_file():
        if found.suffix.lower() in BY_SUFFIX:
            return BY_SUFFIX[found.suffix.lower()], {"path": path}
        raise DataError(f"{path!r}: cannot tell what a {found.suffix or 'file without suffix'} holds; name a `source`")
    if next(image_files(found), None) is not None:
        return "image_folder", {"path": path}
    if any(p.suffix.lower() in folder_source.SUFFIXES for p in found.rglob("*")):
        return "text_folder", {"path": path}
    kinds = sorted({p.suffix for p in found.rglob("*") if p.is_file()})[:5]
    raise DataError(f"{path!r} holds neither images ({', '.join(sorted(SUFFIXES))}) nor texts; it holds {kinds}")


def read_items(path: str, modality: str) -> tuple[list[Item], tuple[Quarantined, ...], str]:
    """(outputs in order, what was set aside, digest) of a folder or file of one modality."""
    found = existing(path)
    source, _ = sniff(path)
    if modality == "image":
        if source != "image_folder":
            raise DataError(f"{path!r} holds texts, and the data it is compared with are images")
        images, _, spoiled, _ = read_folder(found, size=None, max_pixels=MAX_PIXELS)
        if not images:
            raise DataError(f"no usable image in {path!r}" + "".join(f"\n  {q.path}: {q.reason}" for q in spoiled[:5]))
        return images, tuple(spoiled), digest(images)
    if source == "image_folder":
        raise DataError(f"{path!r} holds images, and the data it is compared with are {modality}")
    readers: dict[str, Callable[..., Dataset]] = {
        "jsonl": jsonl_source.jsonl,
        "csv": csv_source.csv,
        "text_file": text_source.text_file,
        "text_folder": folder_source.text_folder,
    }
    data: Dataset = readers[source](path=str(Path(path)))
    return list(data.items), data.quarantined, data.digest
