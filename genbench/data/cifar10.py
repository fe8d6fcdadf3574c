"""CIFAR-10 (Krizhevsky 2009, "Learning multiple layers of features from tiny images"), from its binary version."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.data._archives import is_archive, members
from genbench.data._pictures import Pictures, image_dataset
from genbench.data._splits import Shares
from genbench.data._texts import existing

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32  # the class, then the red, the green and the blue plane
LICENCE = "none stated by its authors; collected from the web for research"


@dataset(modality="image", licence="none stated by its authors; collected from the web for research")
def cifar10(*, path: str, reserve: float = 0.2, seed: int = 0, limit: int | None = None) -> Dataset:
    """60,000 colour photographs of 32 x 32 in ten classes: `cifar-10-binary.tar.gz`, or the folder it holds.

    data_batch_*.bin are for training, test_batch.bin is held out, with `reserve` of it set apart; without that file a
    quarter is held out. limit: the first so many images of each part. The pickled version is not read.
    """
    if limit is not None and limit < 1:
        raise DataError(f"limit must be at least 1, got {limit}")
    batches = batches_in(existing(path))
    train = [content for name, content in batches.items() if name.startswith("data_batch")]
    if not train:
        raise DataError(f"{path!r} holds no data_batch_1.bin; of CIFAR-10 the binary version is read")
    parts = [b"".join(train), batches.get("test_batch.bin", b"")]
    for part in parts:
        if len(part) % RECORD:
            raise DataError(f"{path!r}: {len(part):,} bytes are no whole number of records of {RECORD:,}")
    own, other = (np.frombuffer(part, dtype=np.uint8).reshape(-1, RECORD)[:limit] for part in parts)
    records = np.concatenate([own, other])
    if records[:, 0].max(initial=0) >= len(CLASSES):
        raise DataError(f"{path!r} holds the class {records[:, 0].max()}; CIFAR-10 has {len(CLASSES)}")
    images = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))  # [n 3 h w] -> [n h w 3]
    keys = [f"train/{i}" for i in range(len(own))] + [f"test/{i}" for i in range(len(other))]
    pictures = Pictures(list(images), keys, len(own), labels=[CLASSES[label] for label in records[:, 0]])
    shares = Shares("test_batch.bin" if len(other) else 0.25, reserve, seed)
    return image_dataset(pictures, shares, name="cifar10", licence=LICENCE, source=str(path))


def batches_in(found: Path) -> dict[str, bytes]:
    """{name: content} of the binary batches in a folder or an archive."""
    if is_archive(found):
        own = {m.name.name: m for m in members(found, frozenset({".bin"})) if not m.fault}
        return {name: own[name].read() for name in sorted(own) if BATCH.fullmatch(name)}
    if not found.is_dir():
        raise DataError(f"{str(found)!r} is neither a folder nor a .tar.gz archive")
    inner = found / "cifar-10-batches-bin"
    files = sorted((inner if inner.is_dir() else found).glob("*.bin"))
    return {file.name: file.read_bytes() for file in files if BATCH.fullmatch(file.name)}


BATCH = re.compile(r"(?:data_batch_\d|test_batch)\.bin")
