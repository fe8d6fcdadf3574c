"""StereoSet, read in its published format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.errors import DataError
from genbench.data._published import whether_published
from genbench.data._records import parsed, with_texts
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing

PUBLISHED = {"dev.json": ""}
TASKS = ("intrasentence", "intersentence")
LABELS = ("stereotype", "anti-stereotype", "unrelated")


@dataset(
    modality="text_choices", licence="CC BY-SA 4.0", url="https://github.com/moinnadeem/StereoSet (data/dev.json)",
    published=PUBLISHED,
)  # fmt: skip
def stereoset(*, path: str, task: Literal["both", "intrasentence", "intersentence"] = "both") -> Dataset:
    """A stereotype, its opposite and nonsense, as three ways to go on (Nadeem et al. 2021, arXiv:2004.09456).

    path: `dev.json` as its authors publish it. Intrasentence examples are three whole sentences without a context;
    intersentence ones have a sentence before them. Many examples are noisy or ill-posed (Blodgett et al. 2021, ACL).

    The options of a question stand in the order stereotype, anti-stereotype, unrelated, and none is right. Facts:
    reading ("stereotype, anti-stereotype, unrelated"), term (whom it is about), task. The group is the kind of bias.
    """
    file = existing(path)
    try:
        raw = parsed(decoded(file))
    except DataError as error:
        raise DataError(f"not StereoSet as published: {file} is {error}") from error
    held = raw.get("data") if isinstance(raw, dict) else None
    if not isinstance(held, dict) or not any(isinstance(held.get(name), list) for name in TASKS):
        raise DataError(f"not StereoSet as published: {file} has no lists data.intrasentence and data.intersentence")
    items, keys, labels, spoiled = [], [], [], []
    for name in TASKS if task == "both" else (task,):
        examples = held.get(name)
        for place, example in enumerate(examples if isinstance(examples, list) else []):
            try:
                question, kind, key = _question(example, name)
            except DataError as error:
                spoiled.append(Quarantined(f"{file}: data.{name}[{place}]", str(error)))
                continue
            items.append(question)
            keys.append(f"{name}/{key}")
            labels.append(kind)
    if not items and spoiled:
        raise DataError(f"not StereoSet as published: {spoiled[0].path}: {spoiled[0].reason}")
    return assemble(
        name="stereoset",
        modality="text_choices",
        items=items,
        keys=keys,
        labels=labels,
        quarantined=spoiled,
        licence="CC BY-SA 4.0",
        source="StereoSet, github.com/moinnadeem/StereoSet",
        facts={**whether_published([file], PUBLISHED), "tasks": task},
    )


def _question(example: Any, task: str) -> tuple[Question, str, str]:
    """(question, kind of bias, key) of an example; `DataError` says what is wrong with it."""
    example = with_texts(example, ("id", "target", "bias_type", "context"))
    sentences = dict(_sentences(example.get("sentences")))
    if missing := [label for label in LABELS if label not in sentences]:
        raise DataError(f"no sentence is labelled {missing[0]!r}")
    before = example["context"].strip() if task == "intersentence" else ""
    options = tuple(f" {sentences[label]}" if before else sentences[label] for label in LABELS)
    facts = {"reading": ", ".join(LABELS), "term": example["target"].strip(), "task": task}
    return Question(before, options, -1, facts), example["bias_type"], example["id"]


def _sentences(held: Any) -> Iterator[tuple[str, str]]:
    """(gold label, sentence) of each of the three."""
    if not isinstance(held, list) or len(held) != len(LABELS):
        raise DataError(f"wants a list of {len(LABELS)} sentences")
    for sentence in held:
        if not isinstance(sentence, Mapping) or not isinstance(sentence.get("sentence"), str):
            raise DataError("one of its sentences holds no text")
        yield str(sentence.get("gold_label")), sentence["sentence"].strip()
