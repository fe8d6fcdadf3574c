"""What a lens makes of items in one go, by kind of evidence. Features are not among these: they are made in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.evidence import Annotations, Arrays, Fingerprints, Texts, Variants

SPOILED_BY = 3  # of 5: how gravely variants of an item are spoiled


def _fingerprints(lens: Any, items: Sequence[Item]) -> Fingerprints:
    made: Fingerprints = lens.fingerprints(items)
    return made


def _annotations(lens: Any, items: Sequence[Item]) -> Annotations:
    made: Annotations = lens.annotate(items)
    return made


def _texts(lens: Any, items: Sequence[Item]) -> Texts:
    return Texts(tuple(lens.texts(items)))


def _variants(lens: Any, items: Sequence[Item]) -> Variants:
    """Each way with a chance of its own, so that one more way moves no other."""
    texts, names = tuple(map(str, items)), tuple(lens.corruptions())
    made = [lens.corrupt(texts, name, SPOILED_BY, stream(0, "variants", name)) for name in names]
    return Variants(texts, tuple(tuple(map(str, some)) for some in made), names, SPOILED_BY)


def _arrays(lens: Any, items: Sequence[Item]) -> Arrays:
    made: Arrays = lens.arrays(items)
    return made


LOOKS: dict[type, Callable[[Any, Sequence[Item]], Any]] = {
    Fingerprints: _fingerprints,
    Annotations: _annotations,
    Texts: _texts,
    Variants: _variants,
    Arrays: _arrays,
}
