"""Rows of tokens that begin alike, folded into trees: what they share is read once.

A tree is fed as one row. Each token has the position it has in its own row, and looks at its ancestors alone, so that
its state is that of the row by itself. Nothing is padded: rows with nothing in common are trees side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from genbench.models._windows import Window

TOKENS = 512  # in one tree, unless a row alone has more; what is masked out costs little beside the rest of a model


@dataclass
class Tree:
    """symbols, depths and parents (-1 at a root) of t tokens; targets: what follows the token at a place, and whose."""

    symbols: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    children: dict[tuple[int, int], int] = field(default_factory=dict)

    def fresh(self, tokens: Sequence[int]) -> int:
        """How many tokens a row would add."""
        at = -1
        for shared, token in enumerate(tokens):
            if (found := self.children.get((at, token))) is None:
                return len(tokens) - shared
            at = found
        return 0

    def add(self, window: Window) -> None:
        at = -1
        for place, token in enumerate(window.tokens[:-1]):
            key = (at, token)
            if key not in self.children:
                self.children[key] = len(self.symbols)
                self.symbols.append(token)
                self.depths.append(place)
                self.parents.append(at)
            at = self.children[key]
            if place >= window.first:
                self.places.append(at)
                self.targets.append(window.tokens[place + 1])
                self.owners.append(window.item)

    def sees(self) -> np.ndarray:
        """bool [t t]: token i looks at j, one of its ancestors or itself."""
        t = len(self.symbols)
        looks = np.eye(t, dtype=bool)
        for i, parent in enumerate(self.parents):
            if parent >= 0:
                looks[i] |= looks[parent]
        return looks


def trees(windows: Sequence[Window]) -> Iterator[Tree]:
    """All windows in trees of at most TOKENS tokens; in the order of their tokens, so that those alike meet."""
    tree = Tree()
    for window in sorted(windows, key=lambda one: one.tokens):
        if tree.symbols and len(tree.symbols) + tree.fresh(window.tokens[:-1]) > TOKENS:
            yield tree
            tree = Tree()
        tree.add(window)
    if tree.symbols:
        yield tree
