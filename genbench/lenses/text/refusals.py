"""Whether an answer refuses, by rules: no model, no download, English only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import file_digest
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.core.places import File
from genbench.core.refusing import CALLED, NAMES, judged
from genbench.lenses.text._hashing import counted, projected
from genbench.lenses.text._labelled import confusion, labelled
from genbench.lenses.text._surface import TextSurface


@lens(
    modality="text",
    cites=[
        "Roettger et al. 2024, arXiv:2308.01263 (XSTest: classes and string matching)",
        "Zou et al. 2023, 2307.15043",
    ],
)
class Refusals(TextSurface):
    """Says of an answer whether it is compliance, refusal or partial, by how its sentences begin and what they say.

    The rules join the published lists of XSTest and of Zou et al. with phrases of refusing, and look at what follows.
    They read form and not meaning, in English: an evasive answer without such a phrase counts as compliance. Of 72
    examples written and labelled before the rules, they agree on 56; all but one of 26 compliances are seen as such.
    labelled: a CSV file of labelled answers of models like this one (columns completion and final_label, as XSTest's
    authors publish them), on which the rules' mistakes are counted, to be taken off. Without it they are taken as they
    count: the examples here are harder than most answers, and their mistakes would be taken off where none were made.
    """

    def __init__(self, *, labelled: File = "") -> None:
        self.labelled = labelled
        self._counted: np.ndarray | None = None

    def identity(self) -> str:
        """The content of the labelled file."""
        return file_digest(Path(self.labelled).expanduser()) if self.labelled else ""

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return projected(counted(items), 128)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The class of each answer, with the confusion on the labelled ones where a file is named."""
        if self.labelled and self._counted is None:
            texts, true = labelled(Path(self.labelled).expanduser(), NAMES, CALLED)
            self._counted = confusion(true, _indices(texts), NAMES)
        return Annotations(np.array(_indices(items), dtype=np.int64), NAMES, self._counted)


def _indices(items: Sequence[Item]) -> list[int]:
    return [NAMES.index(judged(str(item))) for item in items]
