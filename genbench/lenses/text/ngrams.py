"""Hashed character n-grams: an embedding with no download, no training and no opinion on meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.errors import LensError
from genbench.core.lens import lens
from genbench.lenses.text._hashing import counted, projected
from genbench.lenses.text._surface import TextSurface


@lens(modality="text", cites=["Weinberger et al. 2009, arXiv:0902.2206 (feature hashing)"])
class Ngrams(TextSurface):
    """Character n-grams of two to four, hashed, and projected to `dimensions` by a fixed random matrix."""

    def __init__(self, *, dimensions: int = 128) -> None:
        if dimensions < 1:
            raise LensError(f"text.ngrams: dimensions must be at least 1, got {dimensions}")
        self.dimensions = dimensions

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return projected(counted(items), self.dimensions)
