"""Evidence that takes model and lens by turns: inputs spoiled, outputs marked, items reproduced, latents moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Item
from genbench.core.evidence import Aligned, Marked, Paths, Remakes, Sweep, Truncations
from genbench.core.lens import Annotator
from genbench.core.model import Translator

SEVERITIES = (1, 3, 5)
SPOILED, REMADE, MARKED, ANSWERED = 100, 400, 100, 100_000  # items that are looked at, at most
STEP = 1e-4  # of a way between two latents, as published
WALKED, LEGS, CHECKED = 300, 4, 32  # ways; parts of each way; ways that are looked at in ten times the step as well
PSIS = (1.0, 0.7, 0.5)
TRUNCATED = 1000
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


def walked(hands: Hands, items: Sequence[Item], texts: Sequence[str]) -> Paths:
    """The ways from the latent of each output to that of a second draw, in each latent space of the model.

    A step of a ten-thousandth is less than one grey level or so, hence nothing is rounded: neither by model nor lens.
    """
    n, names = len(items), hands.model.spaces()
    starts, ends = (sample_seeds(hands.seed, n, name) for name in ("generated", "again"))
    found = {space: _walk(hands, starts, ends, space) for space in names}
    speeds, legs, apart, coarse = ({space: found[space][part] for space in names} for part in range(4))
    return Paths(speeds, legs, apart, coarse, STEP)


def _walk(hands: Hands, starts: Sequence[int], ends: Sequence[int], space: str) -> list[np.ndarray]:
    """Speeds [2 n], legs [n k], distance of the ends [n] and speeds in ten times the step [c], of one latent space."""
    n = len(starts)

    def look(some: Sequence[tuple[int, int, float]]) -> list[np.ndarray]:
        here, there, at = zip(*some, strict=True)
        return list(hands.lens.array_features(hands.model.interpolate(here, there, np.array(at), space)))

    def seen(places: Float[np.ndarray, " m"]) -> Float[np.ndarray, "m d"]:
        """Features at one place of each of the first m ways."""
        m = len(places)
        return np.stack(hands.batched(look, list(zip(starts[:m], ends[:m], places.tolist(), strict=True))))

    inside = stream(hands.seed, "paths").uniform(0, 1 - 10 * STEP, n)
    stops = [seen(np.full(n, leg / LEGS)) for leg in range(LEGS + 1)]
    at, few = seen(inside), inside[:CHECKED]
    speeds = np.stack([_apart(seen(np.full(n, STEP)), stops[0]), _apart(seen(inside + STEP), at)]) / STEP**2
    coarse = _apart(seen(few + 10 * STEP), at[: len(few)]) / (10 * STEP) ** 2
    legs = np.stack([_apart(one, other) for one, other in pairwise(stops)], axis=1)
    return [speeds, legs, _apart(stops[0], stops[-1]), coarse]


def _apart(one: Float[np.ndarray, "m d"], other: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " m"]:
    squared: np.ndarray = np.square(one.astype(np.float64) - other.astype(np.float64)).sum(axis=1)
    return squared


def truncated(hands: Hands, items: Sequence[Item], texts: Sequence[str]) -> Truncations:
    """The outputs' latents once more at each truncation, and what the lens calls them, where it names classes."""
    seeds = sample_seeds(hands.seed, len(items), "generated")
    made = [hands.batched(partial(hands.model.sample_truncated, psi=psi), seeds) for psi in PSIS]
    labels = (
        np.stack([hands.lens.annotate(some).labels for some in made]) if isinstance(hands.lens, Annotator) else None
    )
    return Truncations(np.stack([hands.features(some) for some in made]), PSIS, labels)


# How many items at most, the stage that pays, and how each kind is made.
JOINT: dict[type, tuple[int, str, Callable[[Hands, Sequence[Item], Sequence[str]], Any]]] = {
    Sweep: (SPOILED, "resample", swept),
    Marked: (MARKED, "look", marked),
    Remakes: (REMADE, "look", remade),
    Aligned: (ANSWERED, "look", aligned),
    Paths: (WALKED, "resample", walked),
    Truncations: (TRUNCATED, "resample", truncated),
}
