"""Looks at a path and says what it is; reads outputs that are scored as they are, without a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genbench.core.data import Item, Quarantined
from genbench.core.digest import digest
from genbench.core.errors import DataError
from genbench.data import csv, jsonl, text_file, text_folder
from genbench.data._archives import is_archive
from genbench.data._arrays import SUFFIXES as ARRAYS
from genbench.data._arrays import read_arrays
from genbench.data._declared import Declaration, declared_by
from genbench.data._encoders import Encoder, said
from genbench.data._images import SUFFIXES, Images, image_files, read_images, shaped_like
from genbench.data._texts import Reader, existing

BY_SUFFIX = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv",
    ".txt": "text_file", ".text": "text_file", ".md": "text_file", ".rst": "text_file",
    ".npy": "image_array", ".npz": "image_array",
    ".zip": "image_folder", ".tar": "image_folder", ".tgz": "image_folder",
}  # fmt: skip
NAMED = 5  # files that are said by name
READERS: dict[str, Reader] = {
    "jsonl": jsonl.read,
    "csv": csv.read,
    "text_file": text_file.read,
    "text_folder": text_folder.read,
}


def sniff(path: str) -> tuple[str, dict[str, Any]]:
    """(data source, its settings) for a path. `DataError` says what was found where that decides nothing."""
    found = existing(path)
    suffix = found.suffix.lower()
    if source := _published(found):
        return source, {"path": path}
    if found.is_file():
        if suffix in BY_SUFFIX:
            return BY_SUFFIX[suffix], {"path": path}
        if is_archive(found):
            return "image_folder", {"path": path}
        if suffix in SUFFIXES:
            raise DataError(f"{path!r} is one image; give the folder that holds the images")
        known = ", ".join(sorted(BY_SUFFIX))
        raise DataError(f"{path!r}: cannot tell what it holds by its name; known are {known}, or name a `source`")
    images, texts = any(True for _ in image_files(found)), bool(text_folder.text_files(found))
    if images and texts:
        raise DataError(f"{path!r} holds both images and texts: name a `source`, image_folder or text_folder")
    if images or texts:
        return "image_folder" if images else "text_folder", {"path": path}
    kinds = sorted({p.suffix or p.name for p in found.rglob("*") if p.is_file()})[:5]
    holds = f"it holds {', '.join(kinds)}" if kinds else "it is empty"
    raise DataError(f"{path!r} holds neither images ({', '.join(sorted(SUFFIXES))}) nor texts; {holds}")


def _published(found: Path) -> str | None:
    """The source for data sets whose files have names of their own: idx files, and CIFAR-10's batches."""
    names = [p.name for p in found.iterdir()] if found.is_dir() else [found.name]
    if any("-idx3-ubyte" in name or ".idx3-ubyte" in name for name in names):
        return "idx"
    return "cifar10" if {"data_batch_1.bin", "cifar-10-batches-bin", "cifar-10-binary.tar.gz"} & set(names) else None


@dataclass(frozen=True)
class Outputs:
    """Outputs in order, their digest, what was set aside, and what was done to them.

    encoders: what wrote each output; empty where none lost any detail, or nothing tells, as of an array.
    declared: what the file of each output says of it; empty where they have no image files of their own.
    """

    items: list[Item]
    digest: str
    quarantined: tuple[Quarantined, ...]
    facts: Mapping[str, Any]
    encoders: tuple[Encoder, ...] = ()
    declared: tuple[Declaration, ...] = ()


def read_outputs(path: str, modality: str, like: Item = None) -> Outputs:
    """The outputs in a folder or file of one modality; images also in an archive or a NumPy array.

    Outputs are never refused for being alike: a model that repeats itself is to be scored, not turned away. Images
    get the shape of `like`, a real item they will be compared with, or the most common one; a repeated or single
    output is welcome; none at all is a `DataError`.
    """
    found = existing(path)
    facts: dict[str, Any] = {}
    encoders: list[Encoder] = []
    declared: tuple[Declaration, ...] = ()
    if modality == "image":
        read = _images(found, path, like)
        items, spoiled, facts, encoders = list(read.items), read.quarantined, read.facts, read.encoders
        declared = tuple(declared_by(file) for file in read.files)
        if unread := [f"{file}: {of.unread}" for file, of in zip(read.files, declared, strict=True) if of.unread]:
            facts["metadata not read"] = f"{len(unread)} of {len(items)} files: {'; '.join(unread[:NAMED])}"
        if any(encoder.name for encoder in encoders):
            facts["lost detail"] = said(encoders)
        else:
            encoders = []
    else:
        items, spoiled = _texts(found, path, modality)
    if not items:
        aside = "".join(f"\n  set aside: {q.path}: {q.reason}" for q in spoiled[:5])
        raise DataError(f"no usable {modality} in {path!r}{aside}")
    return Outputs(items, digest(modality, items), tuple(spoiled), facts, tuple(encoders), declared)


def _images(found: Path, path: str, like: Item) -> Images:
    if found.suffix.lower() in ARRAYS and found.is_file():
        arrays = read_arrays(found)
        shaped = shaped_like(arrays.images, like)
        shaped.facts = {**arrays.facts, **shaped.facts}
        return shaped
    if found.is_file() and found.suffix.lower() not in SUFFIXES and not is_archive(found):
        raise DataError(f"{path!r} is no folder of images, and the data it is compared with are images")
    one = found.is_file() and not is_archive(found)
    return read_images([found] if one else list(image_files(found)), like=like)


def _texts(found: Path, path: str, modality: str) -> tuple[list[Item], list[Quarantined]]:
    if found.is_dir():
        source = "text_folder" if text_folder.text_files(found) else sniff(path)[0]
    else:
        source = sniff(path)[0]
    if source not in READERS:
        raise DataError(f"{path!r} holds images, and the data it is compared with are {modality}")
    reading = READERS[source](found)
    return list(reading.texts), reading.quarantined
