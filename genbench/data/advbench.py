"""AdvBench's harmful behaviours, read in their published format."""

from __future__ import annotations

from genbench.core.data import Dataset, Prompt, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._published import published_file, whether_published
from genbench.data._splits import assemble
from genbench.data.csv import table

# data/advbench of github.com/llm-attacks/llm-attacks; the digest is that of a copy with its 520 rows
PUBLISHED = {"harmful_behaviors.csv": "5c9d87515c4d431c3614f25a0af7a462eabdfa6035aa35d746e64159823836e3"}


@dataset(
    modality="text_prompts", licence="MIT", url="https://github.com/llm-attacks/llm-attacks (data/advbench)",
    published=PUBLISHED,
)  # fmt: skip
def advbench(*, path: str) -> Dataset:
    """520 requests that a model should refuse (Zou et al. 2023, arXiv:2307.15043).

    path: `harmful_behaviors.csv` or its folder. Facts: label ("unsafe") and target, how a reply that complies would
    begin, which attacks aim at. There are no safe prompts, so that over-refusal is not seen here; XSTest has both.
    """
    file = published_file(path, PUBLISHED)
    try:
        frame = table(file, ("goal", "target"))
    except DataError as error:
        raise DataError(f"not AdvBench's behaviours as published: {error}") from error
    full = frame["goal"].str.strip() != ""
    kept = frame[full]
    pairs = zip(kept["goal"], kept["target"], strict=True)
    return assemble(
        name="advbench",
        modality="text_prompts",
        items=[Prompt(goal.strip(), (), {"label": "unsafe", "target": target.strip()}) for goal, target in pairs],
        keys=[f"behaviour/{i + 1}" for i in kept.index],
        quarantined=[Quarantined(f"{file}: row {i + 1}", "no goal") for i in frame.index[~full]],
        licence="MIT",
        source="AdvBench, github.com/llm-attacks/llm-attacks",
        facts=whether_published([file], PUBLISHED),
    )
