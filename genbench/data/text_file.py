"""The user's own text in one file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from genbench.core.data import Dataset, dataset
from genbench.core.places import FileOrFolder
from genbench.data._splits import Shares
from genbench.data._texts import Reading, decoded, text_dataset


@dataset(modality="text", licence="the user's own")
def text_file(
    *,
    path: str,
    unit: Literal["paragraph", "line"] = "paragraph",
    held_out: float | FileOrFolder = 0.25,
    reserve: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """A UTF-8 text file, one item per paragraph (ended by a blank line) or per line.

    held_out: the share kept from training, or the path of a second such file.
    """
    return text_dataset(lambda file: read(file, unit), path, Shares(held_out, reserve, seed))


def read(file: Path, unit: Literal["paragraph", "line"] = "paragraph") -> Reading:
    """The pieces of a file that are not blank, in order."""
    pieces = re.split(r"\n\s*\n" if unit == "paragraph" else r"\n", decoded(file))
    texts = [piece.strip() for piece in pieces if piece.strip()]
    return Reading(texts, [f"{unit}/{i}" for i in range(len(texts))])
