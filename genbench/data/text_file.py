"""The user's own text in one file."""

from __future__ import annotations

import re
from typing import Literal

from genbench.core.data import Dataset, dataset
from genbench.data._texts import decoded, existing, text_dataset


@dataset(modality="text", licence="the user's own")
def text_file(
    *,
    path: str,
    unit: Literal["paragraph", "line"] = "paragraph",
    held_out: float = 0.25,
    reserve: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """A UTF-8 text file, one item per paragraph (ended by a blank line) or per line."""
    file = existing(path)
    pieces = re.split(r"\n\s*\n" if unit == "paragraph" else r"\n", decoded(file))
    texts = [piece.strip() for piece in pieces if piece.strip()]
    return text_dataset(
        texts,
        [f"{unit}/{i}" for i in range(len(texts))],
        labels=None,
        held_out=held_out,
        reserve=reserve,
        seed=seed,
        name=file.stem,
        licence="the user's own",
        source=str(path),
    )
