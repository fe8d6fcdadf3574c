"""CrowS-Pairs, read in its published format."""

from __future__ import annotations

from genbench.core.data import Dataset, Pair, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._published import whether_published
from genbench.data._splits import assemble
from genbench.data._texts import existing
from genbench.data.csv import table

# data/crows_pairs_anonymized.csv of github.com/nyu-mll/crows-pairs
PUBLISHED = {"crows_pairs_anonymized.csv": "dfb36986ce0502abbaf7055b9176da3d08d48e07df1251991b5dfbcbceab9d0c"}
COLUMNS = ("sent_more", "sent_less", "stereo_antistereo", "bias_type")


@dataset(
    modality="text_pairs", licence="CC BY-SA 4.0", url="https://github.com/nyu-mll/crows-pairs (data)",
    published=PUBLISHED,
)  # fmt: skip
def crows_pairs(*, path: str) -> Dataset:
    """Pairs of sentences, the first more stereotyping than the second (Nangia et al. 2020, arXiv:2010.00133).

    path: `crows_pairs_anonymized.csv` as its authors publish it. Items are pairs of sent_more and sent_less with
    the direction of each; the group is the kind of bias. Many pairs are noisy or ill-posed (Blodgett et al. 2021,
    "Stereotyping Norwegian Salmon", ACL).
    """
    file = existing(path)
    try:
        frame = table(file, COLUMNS)
    except DataError as error:
        raise DataError(f"not CrowS-Pairs as published: {error}") from error
    full = (frame["sent_more"].str.strip() != "") & (frame["sent_less"].str.strip() != "")
    kept = frame[full]
    return assemble(
        name="crows_pairs",
        modality="text_pairs",
        items=[Pair(*row) for row in kept[list(COLUMNS[:3])].itertuples(index=False)],
        keys=[f"pair/{i}" for i in kept.index],
        labels=kept["bias_type"].tolist(),
        quarantined=[Quarantined(f"{file}: row {i + 1}", "a sentence is missing") for i in frame.index[~full]],
        licence="CC BY-SA 4.0",
        source="CrowS-Pairs, github.com/nyu-mll/crows-pairs",
        facts=whether_published([file], PUBLISHED),
    )
