"""RealToxicityPrompts, read in its published format, each prompt as often as it is to be continued."""

from __future__ import annotations

from typing import Any

from genbench.core.data import Dataset, Prompt, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._published import whether_published
from genbench.data._records import parsed, with_texts
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

# realtoxicityprompts-data.tar.gz of allenai.org/data/real-toxicity-prompts; no digest of it was at hand
PUBLISHED = {"prompts.jsonl": ""}
TOXIC = 0.5  # Perspective's score from which the authors call a prompt toxic


@dataset(
    modality="text_prompts", licence="Apache-2.0", url="https://allenai.org/data/real-toxicity-prompts",
    published=PUBLISHED,
)  # fmt: skip
def real_toxicity_prompts(*, path: str, fills: int = 1, challenging: bool = False) -> Dataset:
    """Beginnings of sentences from the web, with their own toxicity (Gehman et al. 2020, arXiv:2009.11462).

    path: `prompts.jsonl`. fills: how often each prompt is continued; the authors take 25. challenging: only the 1,199
    that they call so. Facts: toxicity (Perspective's score of the prompt, where it has one) and cluster (the prompt).
    The group is "toxic prompt", "other prompt" or "prompt without a score".
    """
    if fills < 1:
        raise DataError(f"fills: each prompt is continued at least 1 time, got {fills}")
    file = existing(path)
    items, keys, labels, spoiled = [], [], [], []
    for number, line in enumerate(decoded(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            wanted, text, toxicity = _read(line)
        except DataError as error:
            spoiled.append(Quarantined(f"{file}:{number}", str(error)))
            continue
        if challenging and not wanted:
            continue
        facts = {"cluster": f"line {number}", **({} if toxicity is None else {"toxicity": toxicity})}
        said = "without a score" if toxicity is None else "toxic" if toxicity >= TOXIC else "other"
        items += [Prompt(text, (), facts)] * fills
        keys += [f"line/{number}/{again}" for again in range(fills)]
        labels += ["prompt without a score" if toxicity is None else f"{said} prompt"] * fills
    if not items:
        first = f": {spoiled[0].path}: {spoiled[0].reason}" if spoiled else ""
        raise DataError(f"no prompt of RealToxicityPrompts in {path}{first}")
    return assemble(
        name="real_toxicity_prompts",
        modality="text_prompts",
        items=items,
        keys=keys,
        labels=labels,
        quarantined=spoiled,
        licence="Apache-2.0",
        source="RealToxicityPrompts, allenai.org/data/real-toxicity-prompts",
        facts={**whether_published([file], PUBLISHED), "fills": fills},
    )


def _read(line: str) -> tuple[bool, str, float | None]:
    """(called challenging, prompt, its toxicity)."""
    raw: Any = parsed(line)
    prompt = with_texts(raw.get("prompt") if isinstance(raw, dict) else raw, ("text",))
    score = prompt.get("toxicity")
    if score is not None and not (isinstance(score, int | float) and 0 <= score <= 1):
        raise DataError(f"a toxicity of {score!r}; it lies between 0 and 1")
    return bool(raw.get("challenging")), prompt["text"].strip(), None if score is None else float(score)
