"""The items of a role: what a probe is shown of a model or its data, before a lens has looked at any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genbench.core.data import Item


@dataclass(frozen=True)
class Items:
    """The items of a role with their keys. source: what names the list they begin, however long; item i is its i-th.

    owner: the model that looking at them is charged to; empty for the data's, which all models share.
    """

    items: Sequence[Item]
    keys: tuple[str, ...]
    source: Any
    owner: str = ""

    @property
    def recipe(self) -> Any:
        """What names just these items."""
        return [self.source, len(self.items)]

    def cut(self, length: int) -> Items:
        """The first `length` characters of each text that has as many; shorter ones are left out."""
        kept = [i for i, text in enumerate(self.items) if len(text) >= length]
        keys = tuple(self.keys[i] for i in kept)
        source = ["cut", self.source, len(self.items), length]
        return Items([self.items[i][:length] for i in kept], keys, source, self.owner)


def numbered(role: str, n: int) -> tuple[str, ...]:
    """Keys of items that have no names of their own: `generated/0` and so on."""
    return tuple(f"{role}/{i}" for i in range(n))
