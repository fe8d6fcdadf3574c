"""Adversarial GLUE, read in its published format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.errors import DataError
from genbench.data._published import whether_published
from genbench.data._records import parsed, with_texts
from genbench.data._shingles import near_texts
from genbench.data._splits import assemble, joined
from genbench.data._texts import decoded, existing

PUBLISHED = {"dev.json": "ddbaffce5a1ff0c1fb15812aa6546656f27372402c1141bbfbb2a86270ba3477", "dev_ann.json": ""}


@dataclass(frozen=True)
class Task:
    """fields: the texts of an example. prompt: how they are asked. options: the answers in the order of the labels."""

    fields: tuple[str, ...]
    prompt: str
    options: tuple[str, ...]


NLI = " True, False or Neither?\nAnswer:"
THREE = (" True", " Neither", " False")
TASKS: Mapping[str, Task] = {
    "sst2": Task(
        ("sentence",),
        "{sentence}\nQuestion: Is this sentence positive or negative?\nAnswer:",
        (" negative", " positive"),
    ),
    "qqp": Task(
        ("question1", "question2"),
        "Question 1: {question1}\nQuestion 2: {question2}\nQuestion: Do both questions ask the same thing?\nAnswer:",
        (" no", " yes"),
    ),
    "mnli": Task(("premise", "hypothesis"), "{premise}\nQuestion: {hypothesis}" + NLI, THREE),
    "mnli-mm": Task(("premise", "hypothesis"), "{premise}\nQuestion: {hypothesis}" + NLI, THREE),
    "qnli": Task(
        ("question", "sentence"),
        "{question}\n{sentence}\nQuestion: Does this response answer the question?\nAnswer:",
        (" yes", " no"),
    ),
    "rte": Task(
        ("sentence1", "sentence2"), "{sentence1}\nQuestion: {sentence2} True or False?\nAnswer:", (" True", " False")
    ),
}
ALIKE = 0.4  # overlap of five-byte shingles from which two texts without originals count as made from one


@dataset(
    modality="text_choices", licence="CC BY-SA 4.0", url="https://github.com/AI-secure/adversarial-glue (dev.json)",
    published=PUBLISHED,
)  # fmt: skip
def advglue(*, path: str) -> Dataset:
    """Sentences of GLUE after attacks that people checked to keep the meaning (Wang et al. 2021, arXiv:2111.02840).

    path: `dev.json`, which holds adversarial texts alone, or a file of the same layout with the texts they were made
    from beside them (`original_sentence`, `original_premise` ...; the authors' `dev_ann.json`). Where an example has
    its original, both are asked, with one prompt: that of lm-evaluation-harness for the task, no example given before.

    Facts of a question: task, version ("adversarial" or "original"), pair (the same of both versions), attack (its name
    where the file says) and cluster (the text it was made from; guessed by likeness where the file holds no
    originals). The group is the task.
    """
    file = existing(path)
    try:
        raw = parsed(decoded(file))
    except DataError as error:
        raise DataError(f"not AdvGLUE as published: {file} is {error}") from error
    if not isinstance(raw, dict) or not any(isinstance(raw.get(task), list) for task in TASKS):
        raise DataError(f"not AdvGLUE as published: {file} has none of the lists {', '.join(TASKS)}")
    read, spoiled = [], []
    for task in TASKS:
        examples = raw.get(task)
        for place, example in enumerate(examples if isinstance(examples, list) else []):
            try:
                read.append(_example(example, task, place))
            except DataError as error:
                spoiled.append(Quarantined(f"{file}: {task}[{place}]", str(error)))
    families = _families(read)
    asked = [q for one, family in zip(read, families, strict=True) for q in one.questions(f"{one.task}/{family}")]
    if not read and spoiled:
        raise DataError(f"not AdvGLUE as published: {spoiled[0].path}: {spoiled[0].reason}")
    return assemble(
        name="advglue",
        modality="text_choices",
        items=asked,
        keys=[f"{question.facts['pair']}/{question.facts['version']}" for question in asked],
        labels=[question.facts["task"] for question in asked],
        quarantined=spoiled,
        licence="CC BY-SA 4.0",
        source="AdvGLUE, github.com/AI-secure/adversarial-glue",
        facts={
            **whether_published([file], PUBLISHED),
            "examples with their original": sum(bool(one.original) for one in read),
            "texts that the examples were made from": len(set(families)),
            "tasks absent": ", ".join(task for task in TASKS if not raw.get(task)) or "none",
        },
    )


@dataclass(frozen=True)
class Example:
    """texts: its fields after the attack. original: those that were changed, as they were; {} where none is told."""

    task: str
    place: int
    label: int
    texts: Mapping[str, str]
    original: Mapping[str, str]
    attack: str

    @property
    def before(self) -> dict[str, str]:
        return {**self.texts, **self.original}

    def questions(self, cluster: str) -> Iterator[Question]:
        """The adversarial question, and the original one where the file has it."""
        form = TASKS[self.task]
        for version, texts in (("adversarial", self.texts), ("original", self.before)):
            if version == "original" and not self.original:
                return
            facts = {"task": self.task, "version": version, "pair": f"{self.task}/{self.place}", "cluster": cluster}
            facts |= {"attack": self.attack} if self.attack else {}
            yield Question(form.prompt.format(**texts), form.options, self.label, facts)


def _example(example: Any, task: str, place: int) -> Example:
    """`DataError` says what is wrong with it."""
    form = TASKS[task]
    raw = with_texts(example, form.fields)
    label = raw.get("label")
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < len(form.options):
        raise DataError(f"label {label!r}; {task} has 0 to {len(form.options) - 1}")
    before = {name: raw.get(f"original_{name}") for name in form.fields}
    original = {name: text.strip() for name, text in before.items() if isinstance(text, str) and text.strip()}
    attack = raw.get("method")
    texts = {name: raw[name].strip() for name in form.fields}
    return Example(task, place, label, texts, original, attack if isinstance(attack, str) else "")


def _families(read: Sequence[Example]) -> list[int]:
    """[n] labels: examples made from one text. Without originals: near-duplicates, or a field word for word the same.

    An attack leaves most of a text as it was, and one field of two untouched; five-byte shingles that overlap by four
    in ten tell the rest. Too many joined makes an interval wider, too few narrower.
    """
    labels = near_texts([" ".join(one.before.values()) for one in read], likeness=ALIKE) if read else np.empty(0)
    first: dict[Any, int] = {}
    edges = [(first.setdefault(("near", int(label)), i), i) for i, label in enumerate(labels)]
    for i, one in enumerate(read):
        edges += [(first.setdefault((one.task, *field), i), i) for field in one.before.items()]
    found: list[int] = joined(len(read), np.array(edges, dtype=np.int64).reshape(-1, 2)).tolist()
    return found
