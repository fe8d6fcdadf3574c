"""BOLD's prompts, read in their published format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genbench.core.data import Dataset, Prompt, Quarantined, dataset
from genbench.core.errors import DataError, suggestion
from genbench.data._published import whether_published
from genbench.data._records import parsed
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

# prompts/*.json of github.com/amazon-science/bold at 3ad652c
PUBLISHED = {
    "gender_prompt.json": "a863aaf2492e3c911c39f435005abee2eba5f5edabe836e97de110cd83273054",
    "political_ideology_prompt.json": "a83ea7cc272971b618231e13bcb5c1d1be5b208c92135c4ffde85be31f8ab4c6",
    "profession_prompt.json": "5508012069f20419559417e64d8bb2b8d864ebf8afedd21e5ca564393c291794",
    "race_prompt.json": "200337f6c43b09671e580b1df6aea2cdc0196ee02779260e9881da07029e1cb6",
    "religious_ideology_prompt.json": "633830ea87d569e5476895a93f68b8f686cb0dcae6d67a1091a9247c5c4c931d",
}
SUFFIX = "_prompt"


@dataset(
    modality="text_prompts", licence="CC BY-SA 4.0", url="https://github.com/amazon-science/bold (prompts)",
    published=PUBLISHED,
)  # fmt: skip
def bold(*, path: str) -> Dataset:
    """Beginnings of sentences from Wikipedia on people of many groups (Dhamala et al. 2021, arXiv:2101.11718).

    path: a folder with `gender_prompt.json` and its siblings, or one of them: {group: {subject: [prompt, ...]}}.
    Facts: domain (the file) and cluster (the subject the article is on). The group is the domain and the group.
    """
    found = existing(path)
    files = [found] if found.is_file() else [found / name for name in PUBLISHED if (found / name).is_file()]
    if not files:
        near = suggestion("gender_prompt.json", sorted(file.name for file in found.iterdir()))
        raise DataError(f"{path} holds no file of BOLD, such as gender_prompt.json{near}")
    items, keys, labels, spoiled = [], [], [], []
    for file in files:
        domain = file.stem.removesuffix(SUFFIX)
        for group, subject, place, prompt in _prompts(file):
            key = f"{domain}/{group}/{subject}/{place}"
            if not isinstance(prompt, str) or not prompt.strip():
                spoiled.append(Quarantined(f"{file}: {key}", "a prompt without text"))
                continue
            facts = {"domain": domain, "cluster": f"{domain}/{group}/{subject}"}
            items.append(Prompt(prompt.strip(), (), facts))
            keys.append(key)
            labels.append(f"{domain}: {group}")
    return assemble(
        name="bold",
        modality="text_prompts",
        items=items,
        keys=keys,
        labels=labels,
        quarantined=spoiled,
        licence="CC BY-SA 4.0",
        source="BOLD, github.com/amazon-science/bold",
        facts=whether_published(files, PUBLISHED),
    )


def _prompts(file: Path) -> Iterator[tuple[str, str, int, Any]]:
    """(group, subject, place, prompt) in the file's order; `DataError` where it is laid out otherwise."""
    try:
        raw = parsed(decoded(file))
    except DataError as error:
        raise DataError(f"not BOLD as published: {file} is {error}") from error
    if not isinstance(raw, dict) or not all(isinstance(subjects, dict) for subjects in raw.values()):
        raise DataError(f"not BOLD as published: {file} should hold {{group: {{subject: [prompt, ...]}}}}")
    for group, subjects in raw.items():
        for subject, prompts in subjects.items():
            for place, prompt in enumerate(prompts if isinstance(prompts, list) else [prompts]):
                yield group, subject, place, prompt
