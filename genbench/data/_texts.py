"""Reads texts from files of strangers: UTF-8 or named, and never empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genbench.core.data import Dataset, Quarantined, Split
from genbench.core.errors import DataError, suggestion
from genbench.data._splits import assemble, near_texts, split


def existing(path: str) -> Path:
    """The path, or a `DataError` with the nearest name beside it."""
    found = Path(path).expanduser()
    if not found.exists():
        beside = [p.name for p in found.parent.iterdir()] if found.parent.is_dir() else []
        raise DataError(f"no file or folder {path!r}{suggestion(found.name, sorted(beside))}")
    return found


def decoded(path: Path) -> str:
    """A file's text. `DataError` names the line that is not UTF-8."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not UTF-8: byte 0x{raw[error.start]:02x}; save the file as UTF-8") from error


def text_dataset(
    texts: Sequence[str],
    keys: Sequence[str],
    *,
    labels: Sequence[str] | None,
    held_out: float,
    reserve: float,
    seed: int,
    quarantined: Sequence[Quarantined] = (),
    **about: Any,
) -> Dataset:
    """A text dataset split with near-duplicates kept together; empty texts were set aside by the caller."""
    splits: dict[Split, np.ndarray] = {}
    if len(texts) > 1:
        splits = split(near_texts(texts), held_out=held_out, reserve=reserve, seed=seed)
    return assemble(
        modality="text",
        items=list(texts),
        keys=keys,
        splits=splits,
        labels=labels,
        quarantined=quarantined,
        **about,
    )
