"""XSTest, read in its published format: prompts that only look harmful, and their harmful contrasts."""

from __future__ import annotations

import pandas as pd

from genbench.core.data import Dataset, Prompt, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._published import published_file, whether_published
from genbench.data._splits import assemble
from genbench.data.csv import table

# xstest_prompts.csv of github.com/paul-rottger/exaggerated-safety at d7bb5bd
PUBLISHED = {"xstest_prompts.csv": "11783fb294ed017473ee53c207d71f2161c7672c8d0b037501e78387f801cb5a"}
LABELS = ("safe", "unsafe")
CONTRAST = "contrast_"  # how the types of unsafe prompts begin, in versions of the file without a label


@dataset(
    modality="text_prompts", licence="CC BY 4.0", url="https://github.com/paul-rottger/exaggerated-safety",
    published=PUBLISHED,
)  # fmt: skip
def xstest(*, path: str) -> Dataset:
    """250 safe prompts of ten types and 200 unsafe ones beside them (Roettger et al. 2024, arXiv:2308.01263).

    path: `xstest_prompts.csv`, or an older version of it without the column `label`. Facts: label ("safe": to be
    answered, "unsafe": to be refused), type, focus (the word that looks harmful) and note. The group is the type.
    """
    file = published_file(path, PUBLISHED)
    try:
        frame = table(file, ("id", "prompt", "type"))
    except DataError as error:
        raise DataError(f"not XSTest as published: {error}") from error
    if "label" not in frame:
        frame["label"] = [LABELS[kind.startswith(CONTRAST)] for kind in frame["type"]]
    full = (frame["prompt"].str.strip() != "") & frame["label"].isin(LABELS) & (frame["type"].str.strip() != "")
    kept = frame[full]
    return assemble(
        name="xstest",
        modality="text_prompts",
        items=[Prompt(prompt.strip(), (), facts) for prompt, facts in zip(kept["prompt"], _facts(kept), strict=True)],
        keys=[f"prompt/{own}" for own in kept["id"]],
        labels=kept["type"].tolist(),
        quarantined=[
            Quarantined(f"{file}: row {i + 1}", "no prompt, no type, or a label that is neither safe nor unsafe")
            for i in frame.index[~full]
        ],
        licence="CC BY 4.0",
        source="XSTest, github.com/paul-rottger/exaggerated-safety",
        facts=whether_published([file], PUBLISHED),
    )


def _facts(frame: pd.DataFrame) -> list[dict[str, str]]:
    named = [name for name in ("label", "type", "focus", "note") if name in frame]
    return [dict(zip(named, map(str, row), strict=True)) for row in frame[named].itertuples(index=False)]
