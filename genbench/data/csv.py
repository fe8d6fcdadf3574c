"""The user's own texts in a column of a CSV file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from genbench.core.data import Dataset, Quarantined, dataset
from genbench.core.errors import DataError, suggestion
from genbench.core.places import FileOrFolder
from genbench.data._splits import Shares
from genbench.data._texts import Reading, decoded, text_dataset

if TYPE_CHECKING:
    import pandas as pd


@dataset(modality="text", licence="the user's own")
def csv(
    *,
    path: str,
    column: str = "text",
    group: str | None = None,
    held_out: float | FileOrFolder = 0.25,
    reserve: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """A CSV file with a header: `column` holds the texts, `group` (if named) their groups.

    held_out: the share kept from training, or the path of a second such file.
    """
    return text_dataset(lambda file: read(file, column, group), path, Shares(held_out, reserve, seed))


def read(file: Path, column: str = "text", group: str | None = None) -> Reading:
    """The texts of a column in order; rows count from 1 below the header, and an empty one is set aside."""
    frame = table(file, (column, *([group] if group else [])))
    full = frame[column].str.strip() != ""
    return Reading(
        frame.loc[full, column].tolist(),
        [f"row/{i + 1}" for i in frame.index[full]],
        frame.loc[full, group].tolist() if group else None,
        [Quarantined(f"{file}: row {i + 1}", f"{column!r} is empty") for i in frame.index[~full]],
    )


def table(file: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """A CSV file as strings, nothing read as missing. `DataError` where it is no CSV or has no such column."""
    import pandas as pd  # takes long to import, and sniffing at a path imports this file

    text = io.StringIO(decoded(file))
    try:
        # Blank lines are kept as empty cells, to be named: pandas would drop them without a word.
        frame = pd.read_csv(text, dtype=str, na_filter=False, index_col=False, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{file} is not CSV: {error}") from error
    for name in columns:
        if name not in frame:
            raise DataError(f"{file} has no column {name!r}{suggestion(name, [str(c) for c in frame.columns])}")
    return frame
