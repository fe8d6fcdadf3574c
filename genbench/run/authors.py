"""Models with their outputs and the real items beside them, as a table of detectors asks about them: of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from genbench.data._lengths import common_length
from genbench.run.items import Items
from genbench.run.plan import Cell


@dataclass(frozen=True, eq=False)
class Author:
    """A model of a table with its outputs and the real items beside them; or why it has none to be asked about."""

    cell: Cell
    outputs: Items | None = None
    real: Items | None = None
    because: str = ""

    @property
    def name(self) -> str:
        return self.cell.model.name


def of_one_length(authors: Sequence[Author]) -> tuple[list[Author], dict[str, Any] | None]:
    """All texts cut to one length, which three in four of every model's outputs have, and of the real ones.

    So no detector goes by length, and no cell is about more text than another. Shorter texts are left out. The second
    part says the length, and whose outputs are shorter than others and so set it; None where the items are no texts.
    """
    lengths = {
        author.name: common_length(author.outputs.items, author.real.items)
        for author in authors
        if author.outputs is not None and author.real is not None
    }
    texts = {name: length for name, length in lengths.items() if length is not None}
    if not texts:
        return list(authors), None
    most = {name: length for name, length in texts.items() if length > 0}
    if not most:
        because = "a quarter of the outputs, or of the real texts, is empty"
        return [replace(author, outputs=None, because=author.because or because) for author in authors], None
    length = min(most.values())
    cut = [
        author
        if author.outputs is None or author.real is None
        else replace(author, outputs=None, because="a quarter of its outputs is empty")
        if author.name not in most
        else replace(author, outputs=author.outputs.cut(length), real=author.real.cut(length))
        for author in authors
    ]
    shortest = [name for name, own in most.items() if own == length]
    return cut, {"characters": length, "shortest": shortest if len(shortest) < len(most) else []}
