"""Hashed character n-grams: an embedding with no download, no training and no opinion on meaning."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Float
from sklearn.feature_extraction.text import HashingVectorizer

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.lens import lens
from genbench.lenses.text._surface import TextSurface

BUCKETS = 2**14


@lens(modality="text", cites=["Weinberger et al. 2009, arXiv:0902.2206 (feature hashing)"])
class Ngrams(TextSurface):
    """Character n-grams of two to four, hashed, and projected to `dimensions` by a fixed random matrix."""

    def __init__(self, *, dimensions: int = 128) -> None:
        self.dimensions = dimensions

    @cached_property
    def _vectorizer(self) -> HashingVectorizer:
        return HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=BUCKETS, norm="l2")

    @cached_property
    def _projection(self) -> np.ndarray:
        drawn = stream(0, "ngrams", self.dimensions).standard_normal((BUCKETS, self.dimensions))
        projection: np.ndarray = drawn / np.sqrt(self.dimensions)
        return projection

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        counts = self._vectorizer.transform([str(item) for item in items])
        return np.asarray(counts @ self._projection, dtype=np.float64)
