"""Both sides made alike in format, for a probe that would hear how items were saved or how long they are.

Real items are seen as if saved like the outputs, and texts of both sides at one length. What cannot be matched is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from genbench.core.data import Dataset, Item
from genbench.core.digest import digest
from genbench.core.errors import NotApplicable
from genbench.data._encoders import SAVED_AS, repeatable, said, shared
from genbench.data._images import EncodedLike
from genbench.data._lengths import common_length
from genbench.run.build import BuiltModel
from genbench.run.items import Items
from genbench.run.plan import Cell


@dataclass(frozen=True)
class Matching:
    """One probe's view of one model and its data. What is matched is evidence of the model's own, charged to it."""

    model: BuiltModel
    data: Dataset
    cell: Cell
    warn: Callable[[str], None]

    @property
    def name(self) -> str:
        return self.model.planned.name

    def of_one_length(self, found: Items, outputs: Sequence[Item], real: Sequence[Item]) -> Items:
        """Texts cut to one length that most outputs and held-out items have, without those that are shorter."""
        length = common_length(outputs, real)
        if length is None:
            return found
        if length < 1:
            raise NotApplicable("a quarter of the outputs or real items is empty, so no length is common to most")
        short = [sum(len(text) < length for text in side) for side in (outputs, real)]
        self.warn(
            f"{self.name}: {self.cell.probe.id} compares the first {length:,} characters of each text, as a text's "
            f"length would tell; shorter: {short[0]} of {len(outputs)} outputs and {short[1]} of {len(real)} real "
            "items, left out"
        )
        return replace(found.cut(length), owner=found.owner or self.name)

    def saved_like_outputs(self, found: Items) -> Items:
        """Real items with the loss of the outputs' file format, so that a probe reads nothing into that.

        Those that lie in just such files have it; a second loss would tell them from outputs.
        """
        encoders = self.model.encoders[: self.cell.n]
        if words := said(encoders):
            self.warn(
                f"{self.name}: {self.cell.probe.id} compares with real items saved like the outputs, as far as can be: "
                f"{words}"
            )
        encoders = repeatable(encoders)
        if not encoders or shared(encoders) == self.data.facts.get(SAVED_AS, ""):
            return found
        source = [found.source, "saved like", digest(encoders)]
        return Items(EncodedLike(found.items, encoders), found.keys, source, self.name)
