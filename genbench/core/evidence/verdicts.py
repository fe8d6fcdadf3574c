"""What the network that a generator learned against holds of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

LOGIT = "logit that the item is real"


@dataclass(frozen=True, eq=False)
class Verdicts:
    """How real a model's own discriminator holds each item: scores [n], higher for what is more like its training data.

    definition: what a score is: `LOGIT`, word for word, where it is that, since a logit has a scale; else in words of
    its own. Scores of two models do not compare.
    """

    scores: Float[np.ndarray, " n"]
    definition: str = ""
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.scores)
