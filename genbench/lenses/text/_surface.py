"""What every text lens shares: fingerprints, perturbations, reading and excerpts. A text is a str."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import numpy as np

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.evidence import Fingerprints, Rng
from genbench.core.inert import inert
from genbench.core.lens import Rendering
from genbench.lenses.text._respelling import SHARES, WAYS, respelled
from genbench.lenses.text._rewording import REWORDINGS, reworded

SLOTS, SHINGLE, BLOCK = 128, 5, 8192
NEAR = 0.6  # estimated Jaccard likeness of five-byte shingles from which two texts count as near-duplicates
EXCERPT = 400
SYNONYMS = {
    "big": "large", "large": "big", "small": "little", "little": "small", "begin": "start", "start": "begin",
    "show": "display", "quick": "fast", "fast": "quick", "often": "frequently", "use": "employ", "help": "assist",
    "if": "when", "return": "give", "value": "quantity", "must": "should", "also": "too", "happy": "glad",
    "said": "told", "make": "create", "create": "make", "allow": "permit", "very": "quite", "same": "identical",
}  # fmt: skip


class TextSurface:
    """Mixed into text lenses; what differs between them is only how they embed."""

    def fingerprints(self, items: Sequence[Item]) -> Fingerprints:
        """[n 128] MinHash of five-byte shingles: the share of equal slots estimates Jaccard likeness (Broder 1997)."""
        return Fingerprints(np.stack([_minhash(str(item)) for item in items]), NEAR)

    def perturb(self, items: Sequence[Item], rng: Rng, strength: float) -> list[Item]:
        """Typos, changed case and synonyms; `strength` is about the share of words touched."""
        return [_perturbed(str(item), rng, strength) for item in items]

    def corruptions(self) -> tuple[str, ...]:
        return (*WAYS, *REWORDINGS)

    def corrupt(self, items: Sequence[Item], name: str, severity: int, rng: Rng) -> list[Item]:
        """Typos, case, whitespace or equivalents of a small table, where every word keeps its place; or contractions,
        numbers, frames or orders of lists, which say the same in more or fewer words."""
        if name in REWORDINGS and severity in SHARES:
            return [reworded(str(item), name, SHARES[severity], rng) for item in items]
        return [respelled(str(item), name, severity, rng) for item in items]

    def texts(self, items: Sequence[Item]) -> list[str]:
        return [str(item) for item in items]

    def render(self, item: Item) -> Rendering:
        """An excerpt with control and direction characters shown as codes."""
        text = str(item)
        return Rendering("text", text=inert(text[:EXCERPT]) + (" ..." if len(text) > EXCERPT else ""))


@functools.cache
def _factors() -> np.ndarray:
    drawn: np.ndarray = stream(0, "minhash", SLOTS).integers(1, 2**63, size=SLOTS, dtype=np.uint64) | np.uint64(1)
    return drawn


def _minhash(text: str) -> np.ndarray:
    """[128] minima over the text's shingles, in blocks so that a book needs no more memory than a page."""
    raw = np.frombuffer(re.sub(r"\s+", " ", text.lower()).encode("utf-8", "replace").ljust(SHINGLE), np.uint8)
    wide = raw.astype(np.uint64)
    windows = np.zeros(len(wide) - SHINGLE + 1, dtype=np.uint64)
    for i in range(SHINGLE):
        windows |= wide[i : len(wide) - SHINGLE + 1 + i] << np.uint64(8 * i)
    hashes = _mixed(np.unique(windows))
    best = np.full(SLOTS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(hashes), BLOCK):
        moved = hashes[start : start + BLOCK, None] * _factors()[None, :] >> np.uint64(16)
        best = np.minimum(best, moved.min(axis=0))
    return best.astype(np.int64)


def _mixed(x: np.ndarray) -> np.ndarray:
    """Each bit of the result depends on each bit of x (splitmix64's finalizer); without it, likeness is biased."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    whole: np.ndarray = x ^ (x >> np.uint64(31))
    return whole


def _perturbed(text: str, rng: Rng, strength: float) -> str:
    pieces = re.split(r"(\s+)", text)
    return "".join(_touched(piece, rng) if piece.strip() and rng.random() < strength else piece for piece in pieces)


def _touched(word: str, rng: Rng) -> str:
    if (bare := word.lower()) in SYNONYMS and rng.random() < 0.5:
        return SYNONYMS[bare]
    kind = int(rng.integers(4)) if len(word) > 2 else 3
    if kind == 3:
        return word.swapcase()
    i = int(rng.integers(len(word) - 1))
    if kind == 0:  # two letters change places
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    return word[:i] + word[i + 1 :] if kind == 1 else word[:i] + word[i] * 2 + word[i + 1 :]
