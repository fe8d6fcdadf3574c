"""Texts sorted by which of some listed words they hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from genbench.core.evidence import Annotations

WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
LONGEST = 4  # words of an entry at most


def plain(word: str) -> str:
    """Lower-case, without accents, one blank between words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return " ".join(bare.lower().split())


def sorted_by(texts: Sequence[str], listed: Mapping[str, str], neither: str, first: int) -> Annotations:
    """Each text's label: the one of whose words it holds most; `neither` where it holds none, or as many of two.

    listed: {entry: label}, entries `plain`. first: look at so many words of a text at most; 0: at all. Negations are
    not understood: "not good" holds a good word.
    """
    names = (neither, *sorted(set(listed.values())))
    labels = [names.index(_label(text, listed, neither, first)) for text in texts]
    return Annotations(np.array(labels, dtype=np.int64), names)


def _label(text: str, listed: Mapping[str, str], neither: str, first: int) -> str:
    words = WORD.findall(plain(text))[: first or None]
    found: dict[str, int] = {}
    for start in range(len(words)):
        for length in range(1, min(LONGEST, len(words) - start) + 1):
            label = listed.get(" ".join(words[start : start + length]))
            if label is not None:
                found[label] = found.get(label, 0) + 1
    most = [label for label, count in found.items() if count == max(found.values())]
    return most[0] if len(most) == 1 else neither
