"""What is known of items one by one: seen through a lens, said by their dataset, or borne by their files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Features:
    """Embeddings by a lens, one row per item."""

    x: Float[np.ndarray, "n d"]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Short signatures whose share of equal slots tells how alike two items are.

    slots: [n k] integers (bits of a perceptual hash, minima of a MinHash).
    near: the share of equal slots from which two items count as near-duplicates.
    """

    slots: Int[np.ndarray, "n k"]
    near: float
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True, eq=False)
class Annotations:
    """Group labels an annotator gave, with what is known of its mistakes.

    labels: [n] index into names. confusion: [k k] counts on labelled real items the annotator has not
    seen, row = true group, column = said group; None when the labels are given by people and taken as true.
    probabilities: the annotator's own, one row per item summing to 1, where it has them.
    """

    labels: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    confusion: Int[np.ndarray, "k k"] | None = None
    keys: tuple[str, ...] = ()
    probabilities: Float[np.ndarray, "n k"] | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Labels:
    """The groups that a dataset says its items are of: labels [n] index into names. In the roles of the data only."""

    labels: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Declared:
    """What the file of each item says of where the item comes from; said, not proved: no signature is checked.

    manifests: [n] true where a C2PA manifest is present. sources: its IPTC digital source type, the last part of the
    URI; "" where none is. unread: why a file could not be read for this; "" where it could.
    """

    manifests: Bool[np.ndarray, " n"]
    sources: tuple[str, ...]
    unread: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.manifests)


@dataclass(frozen=True, eq=False)
class Texts:
    """Items as readable strings (outputs of a text model, rendered rows, SMILES ...)."""

    texts: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Variants:
    """Items as readable strings, and each as it reads spoiled in named ways: spoiled[c][i] is texts[i] by names[c]."""

    texts: tuple[str, ...]
    spoiled: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    severity: int
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Arrays:
    """Items as the continuous input a differentiable model takes, each coordinate within [low, high]."""

    x: Float[np.ndarray, "n ..."]
    low: float
    high: float
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)
