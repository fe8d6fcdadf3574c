"""The lens: the only modality code. Each capability is one small protocol, so a plan can tell what is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float

from genbench.core.data import Dataset, Item
from genbench.core.evidence import (
    Aligned,
    Annotations,
    Arrays,
    Features,
    Fingerprints,
    Marked,
    Paths,
    Remakes,
    Rng,
    Sweep,
    Texts,
    Truncations,
    Variants,
)


@dataclass(frozen=True)
class Rendering:
    """An item for a reader's eyes: `png` holds an encoded image, `text` a plain excerpt (never HTML)."""

    kind: Literal["image", "text"]
    png: bytes = b""
    text: str = ""


@runtime_checkable
class Embeds(Protocol):
    """items -> features [n d], float32 or float64; the same item gives the same row in any batch."""

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]: ...


@runtime_checkable
class Fingerprinter(Protocol):
    """items -> signatures whose share of equal slots tells likeness."""

    def fingerprints(self, items: Sequence[Item]) -> Fingerprints: ...


@runtime_checkable
class Annotator(Protocol):
    """items -> group labels, with the annotator's own confusion matrix."""

    def annotate(self, items: Sequence[Item]) -> Annotations: ...


@runtime_checkable
class Judges(Annotator, Protocol):
    """An annotator that may see what each item answers: item i is what a model made of requests[i]."""

    def judge(self, requests: Sequence[str], items: Sequence[Item]) -> Annotations: ...


@runtime_checkable
class Perturbs(Protocol):
    """items -> items that mean the same, moved by `strength` in [0, 1]; 0 changes nothing."""

    def perturb(self, items: Sequence[Item], rng: Rng, strength: float) -> list[Item]: ...


@runtime_checkable
class Coarsens(Protocol):
    """items -> items that no eye tells from them: what is too fine to be seen is drawn anew."""

    def coarsen(self, items: Sequence[Item], rng: Rng) -> list[Item]: ...


@runtime_checkable
class Corrupts(Protocol):
    """items -> items spoiled in one of the ways that happen to them, at a severity from 1 (slight) to 5 (grave)."""

    def corruptions(self) -> tuple[str, ...]: ...

    def corrupt(self, items: Sequence[Item], name: str, severity: int, rng: Rng) -> list[Item]: ...


@runtime_checkable
class Marks(Protocol):
    """Hides a mark that nobody sees in items, and finds it again.

    mark_scores gives one number per item and key, at most standard normal where there is no mark of that key.
    """

    def mark(self, items: Sequence[Item], key: int) -> list[Item]: ...

    def mark_scores(self, items: Sequence[Item], keys: Sequence[int]) -> Float[np.ndarray, "n k"]: ...


@runtime_checkable
class Describes(Protocol):
    """texts -> features [n d] in the space of the lens's own features of items."""

    def text_features(self, texts: Sequence[str]) -> Float[np.ndarray, "n d"]: ...


@runtime_checkable
class Reads(Protocol):
    """items -> strings."""

    def texts(self, items: Sequence[Item]) -> list[str]: ...


@runtime_checkable
class Continuous(Protocol):
    """items -> arrays a differentiable model takes."""

    def arrays(self, items: Sequence[Item]) -> Arrays: ...


@runtime_checkable
class EmbedsArrays(Protocol):
    """Arrays as `Continuous` gives them, but as exact as a model has them -> features [n d], those of `features`.

    Not rounded, and a little outside their range or not: two arrays that no item tells apart have two rows.
    """

    def array_features(self, x: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n d"]: ...


# By what a lens has its part in a kind of evidence; kinds that are not here are seen through none.
OFFERS: dict[type, type] = {
    Features: Embeds,
    Fingerprints: Fingerprinter,
    Annotations: Annotator,
    Texts: Reads,
    Variants: Corrupts,
    Arrays: Continuous,
    Aligned: Describes,
    Sweep: Corrupts,
    Marked: Marks,
    Remakes: Continuous,
    Paths: EmbedsArrays,
    Truncations: Embeds,
}


@runtime_checkable
class Renders(Protocol):
    """item -> what a report shows of it."""

    def render(self, item: Item) -> Rendering: ...


@runtime_checkable
class LearnsFromData(Protocol):
    """A lens fitted on the train split; its state is kept as arrays and JSON, like a checkpoint."""

    def learn(self, data: Dataset, seed: int) -> None: ...

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]: ...

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None: ...


@runtime_checkable
class Identified(Protocol):
    """Something whose behaviour also depends on content beyond code and settings (weights on disk)."""

    def identity(self) -> str: ...


def identity_of(thing: object) -> str:
    """The identity of a model or lens; "" where it has none. An attribute of that name that is no method is none."""
    return thing.identity() if isinstance(thing, Identified) and callable(thing.identity) else ""


@dataclass(frozen=True)
class LensSpec:
    """What `@lens` says of a lens. titles: the names its scores may carry, {"quality.frechet.distance": "FID"}."""

    modality: str
    cites: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


C = TypeVar("C", bound=type)


def lens(*, modality: str, cites: Sequence[str] = (), titles: Mapping[str, str] | None = None) -> Callable[[C], C]:
    """Marks a class, built from keyword-only settings, as the lens of its file."""

    def mark(cls: C) -> C:
        cls.__genbench__ = LensSpec(modality, tuple(cites), dict(titles or {}))  # type: ignore[attr-defined]
        return cls

    return mark
