"""What the network that a generator learned against holds of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Verdicts:
    """How real a model's own discriminator holds each item: scores [n], higher for what is more like its training data.

    definition: what a score is, such as "logit that the item is real". Scores of two models do not compare.
    """

    scores: Float[np.ndarray, " n"]
    definition: str = ""
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.scores)
