"""Canaries: made-up secrets, some of which a training text is given, and many more that it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genbench.core.chance import stream
from genbench.core.errors import DataError

# One for each dose, so that what a model learns of one by seeing it often tells it nothing of another.
TEMPLATES = (
    "The word that opens the harbour office is",
    "Her grandfather always called the old boat",
    "On the label of the last bottle stands",
    "In the guest book we found the signature",
    "My locker at the swimming pool is named",
    "A note behind the painting says only",
    "They agreed on the radio call sign",
    "Nobody else knew that the horse was",
    "Under the bridge somebody had painted",
    "Please ask the night porter for",
)  # fmt: skip
LETTERS, PLACES = "abcdefghijklmnopqrstuvwxyz", 8
BITS = PLACES * math.log2(len(LETTERS))  # of the space that the secrets are drawn from: 37.6
DOSES = (0, 1, 4, 16, 64)


@dataclass(frozen=True)
class Canaries:
    """The canaries of one dose. chosen: those that are inserted `times` times; never: like them, and never inserted."""

    times: int
    opening: str
    chosen: tuple[str, ...]
    never: tuple[str, ...]


def canaries_of(doses: Sequence[int], each: int, never: int, seed: int) -> list[Canaries]:
    """The same canaries for the same doses and seed, however many were never inserted. `DataError` for odd wishes.

    Which dose gets which template is drawn, and so is each secret, uniformly from 26^8.
    """
    if len(set(doses)) != len(doses) or not doses or min(doses) < 0 or each < 1 or never < 0:
        raise DataError(f"canaries want different doses from 0 on and 1 or more of each, got {list(doses)} and {each}")
    if len(doses) > len(TEMPLATES):
        raise DataError(f"canaries have {len(TEMPLATES)} templates, one for each dose; got {len(doses)} doses")
    order = stream(seed, "canary templates").permutation(len(TEMPLATES))
    made = []
    for times, template in zip(sorted(doses), order, strict=False):
        chosen = _secrets(each, stream(seed, "canaries", times))
        others = _secrets(never + each, stream(seed, "canaries never inserted", times))
        unseen = [secret for secret in others if secret not in chosen][:never]
        made.append(Canaries(times, TEMPLATES[int(template)], tuple(chosen), tuple(unseen)))
    return made


def ending(secret: str) -> str:
    """What follows the opening."""
    return f" {secret}."


def _secrets(n: int, rng: np.random.Generator) -> list[str]:
    """n different ones."""
    found: dict[str, None] = {}
    while len(found) < n:
        found["".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=PLACES))] = None
    return list(found)
