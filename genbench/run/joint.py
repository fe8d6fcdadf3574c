"""Evidence that takes model and lens by turns: inputs spoiled and translated, outputs marked, items reproduced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.evidence import Aligned, Marked, Remakes, Sweep
from genbench.core.model import Translator

SEVERITIES = (1, 3, 5)
SPOILED, REMADE, MARKED, ANSWERED = 100, 400, 100, 100_000  # items that are looked at, at most
KEYS = 8  # under which unmarked items are judged, so that rare false alarms can be counted

Work: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class Hands:
    """What works on items: a model, a lens, and what feeds them in batches."""

    model: Any
    lens: Any
    batched: Callable[[Work, Sequence[Any]], list[Any]]
    seed: int

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return np.stack(self.batched(self.lens.features, items))

    def spoiled(self, items: Sequence[Item]) -> list[tuple[str, list[list[Item]]]]:
        """(name, the items at each severity) of everything that can happen to them."""
        return [
            (
                name,
                [
                    self.lens.corrupt(items, name, severity, stream(self.seed, "corrupt", name, severity))
                    for severity in SEVERITIES
                ],
            )
            for name in self.lens.corruptions()
        ]


def swept(hands: Hands, items: Sequence[Item], texts: Sequence[str]) -> Sweep:
    """What the model makes of items, and of the same items spoiled."""
    work = hands.model.translate if isinstance(hands.model, Translator) else hands.model.reproduce
    spoiled = hands.spoiled(items)
    inputs = [[hands.features(some) for some in by_severity] for _, by_severity in spoiled]
    outputs = [[hands.features(hands.batched(work, some)) for some in by_severity] for _, by_severity in spoiled]
    clean = hands.features(items), hands.features(hands.batched(work, items))
    return Sweep(np.array(inputs), np.array(outputs), *clean, tuple(name for name, _ in spoiled), SEVERITIES)


def marked(hands: Hands, items: Sequence[Item], texts: Sequence[str]) -> Marked:
    """Outputs as they are, marked, and marked and then spoiled, each as the detector of the mark sees them."""
    lens, key = hands.lens, hands.seed

    def scores(some: Sequence[Item], keys: Sequence[int]) -> Float[np.ndarray, "k n"]:
        return np.stack(hands.batched(lambda part: lens.mark_scores(part, keys), some), axis=1)

    with_mark = hands.batched(lambda some: lens.mark(some, key), items)
    spoiled = [[scores(some, [key])[0] for some in by_severity] for _, by_severity in hands.spoiled(with_mark)]
    clean, moved = lens.arrays(items), lens.arrays(with_mark)
    visible = np.sqrt(np.square(moved.x - clean.x).reshape(len(items), -1).mean(axis=1)) / (clean.high - clean.low)
    return Marked(
        scores(items, range(key, key + KEYS)), scores(with_mark, [key])[0], np.array(spoiled),
        visible.astype(np.float64), tuple(lens.corruptions()), SEVERITIES,
    )  # fmt: skip


def remade(hands: Hands, items: Sequence[Item], texts: Sequence[str]) -> Remakes:
    """Each item beside the model's own version of it."""
    given = hands.lens.arrays(items)
    made = hands.lens.arrays(hands.batched(hands.model.reproduce, items))
    errors = np.sqrt(np.square(made.x - given.x).reshape(len(items), -1).mean(axis=1)) / (given.high - given.low)
    return Remakes(errors.astype(np.float64), hands.model.reproduction())


def aligned(hands: Hands, items: Sequence[Item], texts: Sequence[str]) -> Aligned:
    """Answers beside what they were asked for, in the lens's space."""
    return Aligned(hands.features(items), np.stack(hands.batched(hands.lens.text_features, list(texts))))


# How many items at most, the stage that pays, and how each kind is made.
JOINT: dict[type, tuple[int, str, Callable[[Hands, Sequence[Item], Sequence[str]], Any]]] = {
    Sweep: (SPOILED, "resample", swept),
    Marked: (MARKED, "look", marked),
    Remakes: (REMADE, "look", remade),
    Aligned: (ANSWERED, "look", aligned),
}
