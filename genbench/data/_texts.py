"""Reads texts from files of strangers: UTF-8 or named, bounded, and never empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from genbench.core.data import Dataset, Quarantined, Split
from genbench.core.digest import file_digest
from genbench.core.errors import DataError, suggestion
from genbench.data._shingles import near_texts
from genbench.data._splits import Shares, assemble, partition

MAX_BYTES = 1 << 30  # a text file is read whole; beyond a gigabyte that is no longer wise
PRIVATE = "the user's own"


@dataclass(frozen=True)
class Reading:
    """Texts in order with their keys, their group labels if there are any, and what was set aside."""

    texts: list[str]
    keys: list[str]
    labels: list[str] | None = None
    quarantined: list[Quarantined] = field(default_factory=list)


Reader: TypeAlias = Callable[[Path], Reading]


def existing(path: str) -> Path:
    """The path, or a `DataError` with the nearest name beside it."""
    found = Path(path).expanduser()
    if not found.exists():
        beside = [p.name for p in found.parent.iterdir()] if found.parent.is_dir() else []
        raise DataError(f"no file or folder {path!r}{suggestion(found.name, sorted(beside))}")
    return found


def decoded(path: Path) -> str:
    """A file's text with line ends as \\n. `DataError` names the line that is not UTF-8, or a file too large."""
    if not path.is_file():
        raise DataError(f"{str(path)!r} is a folder; a file is wanted here")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise DataError(f"{path} holds {size:,} bytes; at most {MAX_BYTES:,} are read: give a smaller sample")
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not UTF-8: byte 0x{raw[error.start]:02x}; save the file as UTF-8") from error


def text_dataset(read: Reader, path: str, shares: Shares) -> Dataset:
    """The user's texts, split with near-duplicates kept together; `held_out` may be a path read in the same way."""
    found = existing(path)
    own = read(found)
    other = read(existing(shares.held_out)) if isinstance(shares.held_out, str) else Reading([], [])
    if isinstance(shares.held_out, str) and not (own.texts and other.texts):
        raise DataError(f"no text in {path!r}" if other.texts else f"no text in held_out {shares.held_out!r}")
    facts: dict[str, Any] = {"sha256 of the file": file_digest(found)} if found.is_file() else {}
    if not isinstance(shares.held_out, str):
        labels = own.labels
    else:  # groups only where both sides have them
        labels = own.labels + other.labels if own.labels and other.labels else None
    return split_texts(
        Reading(
            own.texts + other.texts,
            own.keys + [f"held_out/{key}" for key in other.keys],
            labels,
            own.quarantined + other.quarantined,
        ),
        len(own.texts),
        shares,
        name=found.stem if found.is_file() else found.name,
        licence=PRIVATE,
        source=str(path),
        facts=facts,
    )


def split_texts(reading: Reading, own: int, shares: Shares, *, facts: dict[str, Any], **about: Any) -> Dataset:
    """A text dataset of a reading whose first `own` texts are the data's own. about: name, licence, source."""
    splits: dict[Split, np.ndarray] = {}
    said: dict[str, Any] = {}
    if len(reading.texts) > 1:
        splits, said = partition(near_texts(reading.texts), own, shares)
    return assemble(
        modality="text",
        items=reading.texts,
        keys=reading.keys,
        splits=splits,
        labels=reading.labels,
        quarantined=reading.quarantined,
        facts={**facts, **said},
        **about,
    )
