"""Texts about men or about women alone, and the same texts told of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genbench.core.data import Item
from genbench.core.errors import LensError, suggestion
from genbench.core.evidence import Rng
from genbench.core.lens import lens
from genbench.lenses.text._genders import MEN, WOMEN, mirrored
from genbench.lenses.text._surface import TextSurface

GROUPS: Mapping[str, frozenset[str]] = {"men": MEN, "women": WOMEN}


@lens(
    modality="text",
    cites=[
        "Lu et al. 2018, arXiv:1807.11714 (counterfactual data augmentation)",
        "Caliskan et al. 2017, doi:10.1126/science.aal4230 (the names)",
    ],
)
class Genders(TextSurface):
    """Swaps English pronouns, words for kin and titles, and sixteen names, in a whole text at once.

    The ways are `men` and `women`: whom the text that changes speaks of. A text that speaks of both or of neither,
    that names somebody whom no table knows, or of which a rule cannot be sure (`her` is `him` or `his`) stays as it is,
    under either way. No severity: a text swapped in part would no longer agree with itself.
    """

    def corruptions(self) -> tuple[str, ...]:
        return tuple(GROUPS)

    def corrupt(self, items: Sequence[Item], name: str, severity: int, rng: Rng) -> list[Item]:
        """The texts, those that speak of that group alone told of the other."""
        if name not in GROUPS:
            raise LensError(f"text.genders knows no group {name!r}{suggestion(name, list(GROUPS))}")
        return [mirrored(str(item), GROUPS[name]) or str(item) for item in items]
