"""No model at all: outputs that already lie in a folder or a file."""

from __future__ import annotations

from collections.abc import Sequence

from genbench.core.data import Item
from genbench.core.errors import ModelError
from genbench.core.model import family
from genbench.core.places import FileOrFolder


@family(modality="any")
class Samples:
    """Outputs read from `path`: a folder of images or texts, a JSON Lines, CSV or text file; scored as they are.

    The harness reads the files, hands them over and names them by their content. Nothing is drawn: the seeds say
    how many outputs are asked for, and stand for positions.
    """

    def __init__(self, *, path: FileOrFolder) -> None:
        self.path = path
        self.items: list[Item] = []

    @property
    def count(self) -> int:
        """How many outputs there are."""
        return len(self.items)

    def receive(self, items: Sequence[Item]) -> None:
        self.items = list(items)

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        """The first len(seeds) outputs in order. `ModelError` where fewer exist."""
        if len(seeds) > len(self.items):
            raise ModelError(f"{self.path} holds {len(self.items)} outputs, and {len(seeds)} were asked for")
        return self.items[: len(seeds)]
