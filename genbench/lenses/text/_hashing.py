"""Character n-grams, hashed: what a text looks like to a lens that knows no words."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_matrix

from genbench.core.chance import stream
from genbench.core.data import Item

BUCKETS = 2**14


@functools.cache
def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer  # takes longer to import than a plan to make

    return HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=BUCKETS, norm="l2")


def counted(items: Sequence[Item]) -> csr_matrix:
    """[n 16384] signed counts of character n-grams of two to four within words, each row of length 1."""
    return csr_matrix(_vectorizer().transform([str(item) for item in items]))


@functools.cache
def _projection(dimensions: int) -> np.ndarray:
    drawn = stream(0, "ngrams", dimensions).standard_normal((BUCKETS, dimensions))
    projection: np.ndarray = drawn / np.sqrt(dimensions)
    return projection


def projected(counts: csr_matrix, dimensions: int) -> Float[np.ndarray, "n d"]:
    """Rows under a fixed random matrix, which keeps distances in expectation (Johnson and Lindenstrauss 1984)."""
    return np.asarray(counts @ _projection(dimensions), dtype=np.float64)
