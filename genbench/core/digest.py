"""Content hashes: the same content gives the same name, in any process, on any machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def digest(*parts: Any) -> str:
    """SHA-256 (hex) of plain values: numbers, strings, bytes, paths, arrays, dataclasses, lists and mappings.

    `TypeError` for what has no content to name: sets, whose order is chance, and arrays of objects, which are pointers.
    """
    sha = hashlib.sha256()
    for part in parts:
        _feed(sha, part)
    return sha.hexdigest()


def _feed(sha: Any, part: Any) -> None:
    if isinstance(part, bytes):
        sha.update(b"b%d:" % len(part) + part)
    elif isinstance(part, set | frozenset) or (isinstance(part, np.ndarray) and part.dtype == object):
        raise TypeError(f"a {type(part).__name__} of no fixed order or content has no digest")
    elif isinstance(part, np.generic):
        _feed(sha, part.item())
    elif isinstance(part, np.ndarray):
        array = np.ascontiguousarray(part)
        sha.update(f"a{array.dtype.str}{array.shape}:".encode() + array.tobytes())
    elif isinstance(part, str):
        raw = part.encode("utf-8", "surrogatepass")
        sha.update(b"s%d:" % len(raw) + raw)
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        sha.update(type(part).__name__.encode())
        _feed(sha, {f.name: getattr(part, f.name) for f in dataclasses.fields(part)})
    elif isinstance(part, Mapping):
        sha.update(b"m%d:" % len(part))
        for key in sorted(part, key=str):
            _feed(sha, str(key))
            _feed(sha, part[key])
    elif isinstance(part, (list, tuple)):
        sha.update(b"l%d:" % len(part))
        for element in part:
            _feed(sha, element)
    else:
        raw = json.dumps(part, default=str, allow_nan=True).encode()
        sha.update(b"j%d:" % len(raw) + raw)


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tree_digest(root: Path) -> str:
    """SHA-256 (hex) of a file, or of every file below a folder with its relative name."""
    if root.is_file():
        return file_digest(root)
    files: Iterable[Path] = sorted(p for p in root.rglob("*") if p.is_file())
    return digest([[p.relative_to(root).as_posix(), file_digest(p)] for p in files])


def named_or_tree_digest(path: str) -> str:
    """What stands for a model by path: the digest of the folder or file on disk; a hub id, which is none, itself."""
    found = Path(path)
    return tree_digest(found) if found.exists() else path
