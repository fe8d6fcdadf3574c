"""What a model finds items to be worth, in nats: whole, token by token, or beside models like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class LogProbs:
    """Log-probabilities of whole items.

    nats: natural-log probability of each item (log density for continuous data).
    counts: how many units each item has, by unit: {"token": [n], "byte": [n], "word": [n]} or {"dimension": [n]}.
    bound: true where nats is a lower bound (an ELBO), so perplexities are upper bounds.
    facts: what the numbers depend on, such as {"window": 512, "stride": 256, "bos": "yes"}.
    """

    nats: Float[np.ndarray, " n"]
    counts: Mapping[str, Int[np.ndarray, " n"]]
    keys: tuple[str, ...] = ()
    bound: bool = False
    facts: Mapping[str, int | float | str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nats)


@dataclass(frozen=True, eq=False)
class TokenLogProbs:
    """Log-probabilities (nats) of each token of each item, with what the model said of all tokens in its place.

    Flat over t tokens; those of item i lie from offsets[i] up to offsets[i + 1]. nats: log p of the token that stands
    there. means and deviations: of log p of a token drawn from the model in that place, so means are minus its entropy.
    counts: units of each item, {"byte": [n], "zlib": [n]}, zlib: the bytes that compression leaves of it.
    ranks: 1 + how many tokens the model finds likelier in that place; None where the model does not tell.
    """

    nats: Float[np.ndarray, " t"]
    means: Float[np.ndarray, " t"]
    deviations: Float[np.ndarray, " t"]
    offsets: Int[np.ndarray, " ends"]
    counts: Mapping[str, Int[np.ndarray, " n"]]
    keys: tuple[str, ...] = ()
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    ranks: Int[np.ndarray, " t"] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class ShadowLogProbs:
    """Log-probabilities (nats) of whole items by a model, and by others like it that learned from parts of the items.

    nats: [n] by the model itself. shadows: [k n] by the k others. inside: [k n] true where one learned from the item.
    counts: units of each item, as those of `LogProbs`. definition: what stands in the place of log-probabilities, such
    as a discriminator's "logit that the item is real"; "" where they are what is said.
    """

    nats: Float[np.ndarray, " n"]
    shadows: Float[np.ndarray, "k n"]
    inside: Bool[np.ndarray, "k n"]
    counts: Mapping[str, Int[np.ndarray, " n"]]
    keys: tuple[str, ...] = ()
    definition: str = ""

    def __len__(self) -> int:
        return len(self.nats)
