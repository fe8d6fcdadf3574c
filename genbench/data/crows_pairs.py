"""CrowS-Pairs, read in its published format."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from genbench.core.data import Dataset, dataset
from genbench.core.digest import file_digest
from genbench.core.errors import DataError
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

COLUMNS = ("sent_more", "sent_less", "bias_type")


@dataset(modality="text_pairs", licence="CC BY-SA 4.0")
def crows_pairs(*, path: str) -> Dataset:
    """Pairs of sentences, the first more stereotyping than the second (Nangia et al. 2020, arXiv:2010.00133).

    path: `crows_pairs_anonymized.csv` as its authors publish it. Items are (sent_more, sent_less); the group is the
    kind of bias. Its authors warn of noise in the pairs (see Blodgett et al. 2021, ACL).
    """
    file = existing(path)
    try:
        frame = pd.read_csv(io.StringIO(decoded(file)), dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{file} is not CSV: {error}") from error
    if missing := [column for column in COLUMNS if column not in frame]:
        raise DataError(f"{file} is not CrowS-Pairs as published: it has no column {', '.join(missing)}")
    pairs = list(zip(frame["sent_more"], frame["sent_less"], strict=True))
    return assemble(
        name="crows_pairs",
        modality="text_pairs",
        items=pairs,
        keys=[f"pair/{i}" for i in range(len(pairs))],
        labels=frame["bias_type"].tolist(),
        splits={"held_out": np.arange(len(pairs))},
        licence="CC BY-SA 4.0",
        source="CrowS-Pairs, github.com/nyu-mll/crows-pairs",
        facts={"sha256 of the file": file_digest(file)},
    )
