"""AdvBench's harmful strings, read in their published format."""

from __future__ import annotations

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.errors import DataError
from genbench.data._published import published_file, whether_published
from genbench.data._splits import assemble
from genbench.data.csv import table

# data/advbench of github.com/llm-attacks/llm-attacks; the digest is that of a copy with its 574 rows
PUBLISHED = {"harmful_strings.csv": "2c4751403195634f88eb849d923670cb2d9a883bcc3d74456bf2f08141424a15"}


@dataset(
    modality="text_choices", licence="MIT", url="https://github.com/llm-attacks/llm-attacks (data/advbench)",
    published=PUBLISHED,
)  # fmt: skip
def advbench_strings(*, path: str) -> Dataset:
    """574 strings that no model should say, each the one option of a question (Zou et al. 2023, arXiv:2307.15043).

    path: `harmful_strings.csv` or its folder. They are targets of attacks and not prompts: with an empty context, a
    model's log-probability of each tells how ready it is to say it. Fact: label ("unsafe").
    """
    file = published_file(path, PUBLISHED)
    try:
        frame = table(file, ("target",))
    except DataError as error:
        raise DataError(f"not AdvBench's strings as published: {error}") from error
    full = frame["target"].str.strip() != ""
    kept = frame[full]
    return assemble(
        name="advbench_strings",
        modality="text_choices",
        items=[Question("", (target,), -1, {"label": "unsafe"}) for target in kept["target"]],
        keys=[f"string/{i + 1}" for i in kept.index],
        quarantined=[Quarantined(f"{file}: row {i + 1}", "no string") for i in frame.index[~full]],
        licence="MIT",
        source="AdvBench, github.com/llm-attacks/llm-attacks",
        facts=whether_published([file], PUBLISHED),
    )
