"""A dataset: items of one modality with a licence, a digest, three splits and maybe groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np

from genbench.core.errors import DataError

Item: TypeAlias = Any  # an image is uint8 [height width channels], a text is str; a lens knows more


class Pair(NamedTuple):
    """An item of modality "text_pairs": two statements that differ in one respect.

    direction: which way the pair goes, in the benchmark's own word ("stereo", "antistereo"); empty where it says none.
    """

    first: str
    second: str
    direction: str = ""

    def parts(self) -> tuple[str, str, str, str]:
        """(what stands before, the first's own words, the second's own, what follows), by whole words.

        The own words run from the first that differs to the last; the statements are before + own + after, with blanks.
        """
        a, b = self.first.split(), self.second.split()
        short = min(len(a), len(b))
        head = next((i for i in range(short) if a[i] != b[i]), short)
        tail = next((i for i in range(short - head) if a[-1 - i] != b[-1 - i]), short - head)
        own = [" ".join(words[head : len(words) - tail]) for words in (a, b)]
        return " ".join(a[:head]), own[0], own[1], " ".join(a[len(a) - tail :])


class Question(NamedTuple):
    """An item of modality "text_choices": a context and the ways it may go on, one of which may be right.

    context: may be empty. options: at least one, each scored as what follows the context. answer: index of the right
    one; -1 where the benchmark names none. facts: what else the benchmark says of it, in plain values.
    """

    context: str
    options: tuple[str, ...]
    answer: int = -1
    facts: Mapping[str, Any] = {}


class Prompt(NamedTuple):
    """An item of modality "text_prompts": what a model is asked, and what would be right, where that is known."""

    text: str
    references: tuple[str, ...] = ()
    facts: Mapping[str, Any] = {}


class Script(NamedTuple):
    """An item of modality "text_scripts": a simulated user's lines, said one after each of the model's replies."""

    turns: tuple[str, ...]
    facts: Mapping[str, Any] = {}


Split: TypeAlias = Literal["train", "held_out", "reserve"]
SPLITS: tuple[Split, ...] = ("train", "held_out", "reserve")


@dataclass(frozen=True)
class Quarantined:
    """A file that was set aside, and why; the rest of the dataset goes on without it."""

    path: str
    reason: str


@dataclass(frozen=True)
class Groups:
    """One group per item: labels [n] index into names."""

    labels: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items and what must be known of them.

    splits: indices of items. `train` is for fitting, `held_out` for scoring, `reserve` is real data that neither
    sees: the perfect generator of controls and floors. Near-duplicates stay within one split.
    keys: a stable name per item, so scores of two runs pair up. digest: SHA-256 over the items and their order.
    """

    name: str
    modality: str
    items: Sequence[Item]
    splits: dict[Split, np.ndarray]
    keys: tuple[str, ...]
    digest: str
    licence: str
    source: str
    groups: Groups | None = None
    quarantined: tuple[Quarantined, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.items) < 2:
            raise DataError(
                f"dataset {self.name!r} has {len(self.items)} usable item(s); a split needs at least 2"
                + "".join(f"\n  set aside: {q.path}: {q.reason}" for q in self.quarantined[:5])
            )
        if len(self.keys) != len(self.items):
            raise DataError(f"dataset {self.name!r}: {len(self.items)} items but {len(self.keys)} keys")

    def take(self, split: Split, limit: int | None = None) -> list[Item]:
        """The first `limit` items of a split, in its (already shuffled) order."""
        return [self.items[int(i)] for i in self.indices(split, limit)]

    def indices(self, split: Split, limit: int | None = None) -> np.ndarray:
        """Positions in `items` of the first `limit` of a split; empty where there is no such split."""
        return self.splits.get(split, np.empty(0, dtype=np.int64))[:limit]

    def labels(self, split: Split, limit: int | None = None) -> np.ndarray:
        """Group labels [n] of a split; an error where the dataset has no groups."""
        if self.groups is None:
            raise DataError(f"dataset {self.name!r} has no groups")
        labels: np.ndarray = self.groups.labels[self.indices(split, limit)]
        return labels


@dataclass(frozen=True)
class DatasetSpec:
    """What `@dataset` says of a data source before it is read.

    url: where its authors publish it; empty for the user's own. published: the files it is published in, each with the
    SHA-256 it has there, "" where none is known.
    """

    modality: str
    licence: str
    url: str = ""
    published: Mapping[str, str] = field(default_factory=dict)


F = TypeVar("F", bound=Callable[..., Dataset])


def dataset(
    *, modality: str, licence: str, url: str = "", published: Mapping[str, str] | None = None
) -> Callable[[F], F]:
    """Marks a function `(*, settings...) -> Dataset` as the data source of its file."""

    def mark(function: F) -> F:
        function.__genbench__ = DatasetSpec(modality, licence, url, dict(published or {}))  # type: ignore[attr-defined]
        return function

    return mark
