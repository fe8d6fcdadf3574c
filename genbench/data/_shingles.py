"""Which texts are near-duplicates of one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from genbench.core.chance import stream
from genbench.data._splits import joined

BANDS, ROWS = 16, 4
COMPARED = 8  # members of a bucket that a newcomer is compared with


def near_texts(texts: Sequence[str], *, likeness: float = 0.7) -> Int[np.ndarray, " n"]:
    """[n] cluster labels: texts whose sets of five-byte shingles overlap by `likeness` (Jaccard) or more.

    Candidates come from banded MinHash (16 bands of 4 minima: a pair at 0.7 is met with probability 0.99), and
    each is then compared exactly. Broder 1997, "On the resemblance and containment of documents".
    """
    sets = [shingles(text) for text in texts]
    factors = stream(0, "minhash").integers(1, 2**63, size=BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
    minima = np.stack([least(s, factors) for s in sets])
    edges: set[tuple[int, int]] = set()
    for band in range(BANDS):
        buckets: dict[bytes, list[int]] = {}
        for i, row in enumerate(minima[:, ROWS * band : ROWS * (band + 1)]):
            bucket = buckets.setdefault(row.tobytes(), [])
            for j in bucket[-COMPARED:]:
                if (j, i) not in edges and _jaccard(sets[j], sets[i]) >= likeness:
                    edges.add((j, i))
            bucket.append(i)
    return joined(len(texts), np.array(sorted(edges), dtype=np.int64).reshape(-1, 2))


def shingles(text: str) -> np.ndarray:
    """Sorted unique 64-bit hashes of the five-byte windows of a text in lower case."""
    raw = np.frombuffer(text.lower().encode("utf-8", "replace").ljust(5), np.uint8).astype(np.uint64)
    windows = np.zeros(len(raw) - 4, dtype=np.uint64)
    for i in range(5):
        windows |= raw[i : len(raw) - 4 + i] << np.uint64(8 * i)
    return mixed(np.unique(windows))


def mixed(x: np.ndarray) -> np.ndarray:
    """Each bit of the result depends on each bit of x (splitmix64's finalizer), and no two x meet."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    whole: np.ndarray = np.sort(x ^ (x >> np.uint64(31)))
    return whole


def least(hashes: np.ndarray, factors: np.ndarray, *, block: int = 8192) -> np.ndarray:
    """[k] minima of the hashes under k multiplications, in blocks so that a book needs no more memory than a page."""
    best = np.full(len(factors), np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(hashes), block):
        moved = hashes[start : start + block, None] * factors[None, :] >> np.uint64(16)
        best = np.minimum(best, moved.min(axis=0))
    return best


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)
