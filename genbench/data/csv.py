"""The user's own texts in a column of a CSV file."""

from __future__ import annotations

import io

import pandas as pd

from genbench.core.data import Dataset, Quarantined, dataset
from genbench.core.errors import DataError, suggestion
from genbench.data._texts import decoded, existing, text_dataset


@dataset(modality="text", licence="the user's own")
def csv(
    *,
    path: str,
    column: str = "text",
    group: str | None = None,
    held_out: float = 0.25,
    reserve: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """A CSV file with a header: `column` holds the texts, `group` (if named) their groups."""
    file = existing(path)
    try:
        frame = pd.read_csv(io.StringIO(decoded(file)), dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{file} is not CSV: {error}") from error
    for name in (column, *([group] if group else [])):
        if name not in frame:
            raise DataError(f"{file} has no column {name!r}{suggestion(name, [str(c) for c in frame.columns])}")
    full = frame[column].str.strip() != ""
    return text_dataset(
        frame.loc[full, column].tolist(),
        [f"row/{i + 2}" for i in frame.index[full]],
        labels=frame.loc[full, group].tolist() if group else None,
        held_out=held_out,
        reserve=reserve,
        seed=seed,
        quarantined=[Quarantined(f"{file}:{i + 2}", f"{column!r} is empty") for i in frame.index[~full]],
        name=file.stem,
        licence="the user's own",
        source=str(path),
    )
