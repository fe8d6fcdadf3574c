"""Groups of texts by the words of a lexicon of the user's: HurtLex, or any list of words with labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import file_digest
from genbench.core.errors import LensError
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.core.places import File
from genbench.lenses.text._hashing import counted, projected
from genbench.lenses.text._surface import TextSurface
from genbench.lenses.text._words import plain, sorted_by

HURTFUL = "hurtful"


@lens(modality="text", cites=["Bassignana et al. 2018, CLiC-it (HurtLex)"])
class Lexicon(TextSurface):
    """Says of a text whose words it holds most: those of a lexicon given by `path`; features as text.ngrams.

    path: HurtLex as published (`hurtlex_EN.tsv`: columns lemma and level; its words are "hurtful", all else "other"),
    or lines of a word, a tab and its label. level: HurtLex's `conservative` words alone, as HONEST counts them, or the
    `inclusive` ones too. first: look at the first so many words of a text (1 for a word that fills a gap); 0: at all.
    Words are compared lower-case, without accents, as they stand; negation and irony are not understood.
    """

    def __init__(
        self, *, path: File, level: Literal["conservative", "inclusive"] = "conservative", first: int = 0
    ) -> None:
        self.path, self.first = Path(path).expanduser(), first
        self.listed, self.neither = _read(self.path, level)

    def identity(self) -> str:
        """The file's content."""
        return file_digest(self.path)

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return projected(counted(items), 128)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The label whose words each text holds most."""
        return sorted_by([str(item) for item in items], self.listed, self.neither, self.first)


def _read(path: Path, level: str) -> tuple[Mapping[str, str], str]:
    """({word: label}, the label of a text without any)."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LensError(f"text.lexicon cannot read {str(path)!r}: {error}") from error
    head = lines[0].split("\t") if lines else []
    if {"lemma", "level"} <= set(head):
        lemma, grade = head.index("lemma"), head.index("level")
        rows = [cells for line in lines[1:] if len(cells := line.split("\t")) == len(head)]
        kept = {plain(cells[lemma]): HURTFUL for cells in rows if level == "inclusive" or cells[grade] == level}
        neither = "other"
    else:
        pairs = [cells for line in lines if len(cells := line.split("\t")) == 2]
        kept = {plain(word): label.strip() for word, label in pairs if plain(word) and label.strip()}
        neither = "neutral"
    if not kept:
        raise LensError(f"{path} is neither HurtLex (columns lemma and level) nor lines of a word, a tab and a label")
    return kept, neither
