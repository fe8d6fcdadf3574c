"""The user's own multiple choice, each question in the user's own other words too."""

from __future__ import annotations

from collections.abc import Iterator

from genbench.core.data import Dataset, Question, dataset
from genbench.core.errors import DataError
from genbench.data._splits import assemble
from genbench.data._tasks import Labels, Record, filled, task, texts
from genbench.data.choices_jsonl import choices_jsonl

GIVEN, BLANK = "as given", "{question}"


@dataset(modality="text_choices", licence="the user's own")
def choice_paraphrases(
    *,
    path: str,
    question: str = "question",
    paraphrases: str = "paraphrases",
    options: str = "options",
    answer: str = "answer",
    prompt: str = "{question}",
    before: str = " ",
) -> Dataset:
    """JSON Lines: `{"question": "2 + 2 =", "paraphrases": ["two and two is"], "options": ["3", "4"], "answer": 1}`.

    For `robustness.format`: its flips are the pairs of wordings of one question that get different answers. prompt:
    what each wording is put into. before: what stands between it and an option. options and answer as in
    `choices_jsonl`, the same for every wording. Whether a wording asks the same is the user's to know: a paraphrase has
    the same right answer for the same reason, and neither gives it away nor leaves out what is needed; nothing here can
    check that. A line without paraphrases, or that says one wording twice, is named and set aside.

    Facts of a question: same_as and cluster (the line it comes from), variant ("as given", "wording 1" ...) and order.
    The group is the variant.
    """
    if BLANK not in prompt:
        raise DataError(f"`prompt` wants {BLANK!r} where the question goes, got {prompt!r}")
    asked = choices_jsonl(path=path, context=f"{{{question}}}", options=options, answer=answer, before=before)
    told = task(path, "text_choices", Labels(), lambda record: _wordings(record, question, paraphrases))
    wordings = dict(zip(told.keys, told.items, strict=True))
    lines = [(key, item) for key, item in zip(asked.keys, asked.items, strict=True) if key in wordings]
    made = [one for key, item in lines for one in _worded(key, item, wordings[key], prompt)]
    unread = {spoiled.path for spoiled in asked.quarantined}
    return assemble(
        name="choice_paraphrases",
        modality="text_choices",
        items=made,
        keys=[f"{one.facts['same_as']}/{one.facts['variant']}" for one in made],
        labels=[one.facts["variant"] for one in made],
        quarantined=[*asked.quarantined, *(spoiled for spoiled in told.quarantined if spoiled.path not in unread)],
        licence=asked.licence,
        source=asked.source,
        facts={**asked.facts, "questions": len(lines), "wordings": len(made)},
    )


def _wordings(record: Record, question: str, paraphrases: str) -> tuple[str, ...]:
    """The question and its paraphrases, all different."""
    found = (filled(f"{{{question}}}", record), *texts(record, paraphrases))
    if len(set(found)) < len(found):
        raise DataError("says one wording twice")
    return found


def _worded(key: str, item: Question, wordings: tuple[str, ...], prompt: str) -> Iterator[Question]:
    """The question in each of its wordings."""
    for i, wording in enumerate(wordings):
        facts = {
            **item.facts, "same_as": key, "cluster": key, "variant": f"wording {i}" if i else GIVEN,
            "order": list(range(len(item.options))),
        }  # fmt: skip
        yield Question(prompt.replace(BLANK, wording), item.options, item.answer, facts)
