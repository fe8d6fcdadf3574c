"""A small vocabulary learned from texts: frequent words whole, all else byte by byte, so any string can be cut."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from genbench.models._bytes import decode, encode

MASK, PAD, OPEN, CLOSE = 256, 257, 258, 259  # behind the bytes: a hidden token, filling, and the frame of a text
FIRST_WORD = 260
SHAPE = re.compile(r" ?\w+|\s|[^\w\s]+")  # a word with the space before it, a space of its own, a run of marks


class Pieces:
    """The words of a vocabulary, most frequent first; a word seen once only is spelled in bytes."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.ids = {word: FIRST_WORD + i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return FIRST_WORD + len(self.words)

    def tokens_of(self, text: str) -> list[int]:
        """A text's tokens, framed."""
        tokens = [OPEN]
        for word in SHAPE.findall(text):
            known = self.ids.get(word)
            tokens += encode(word) if known is None else [known]
        return [*tokens, CLOSE]

    def text_of(self, tokens: Iterable[int]) -> str:
        """The text of tokens, frame and masks left out; bytes that are no text are replaced."""
        symbols: list[int] = []
        for token in tokens:
            symbols += [token] if token < 256 else encode(self.words[token - FIRST_WORD]) if token >= FIRST_WORD else []
        return decode(symbols)


def learned_pieces(texts: Sequence[str], most: int) -> Pieces:
    """At most `most` words seen at least twice; of equally frequent ones the first in the alphabet."""
    counted = Counter(word for text in texts for word in SHAPE.findall(text))
    often = sorted(
        (word for word, n in counted.items() if n > 1 and len(encode(word)) > 1), key=lambda w: (-counted[w], w)
    )
    return Pieces(often[:most])
