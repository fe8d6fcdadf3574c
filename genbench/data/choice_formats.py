"""The user's own multiple choice, each question asked in several formats with its options in several orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genbench.core.data import Dataset, Question, dataset
from genbench.core.errors import DataError
from genbench.data._splits import assemble
from genbench.data.choices_jsonl import choices_jsonl

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Format:
    """prompt: around the question and its listed options. line: how one is listed. said: how it is answered."""

    prompt: str
    line: str
    said: str


FORMATS = {
    "letters": Format("Question: {question}\n{listed}\nAnswer:", "{letter}. {option}", " {letter}"),
    "brackets": Format("{question}\n\n{listed}\n\nThe right option is", "({letter}) {option}", " ({letter})"),
    "numbers": Format("Q: {question}\nOptions:\n{listed}\nA:", "{number}: {option}", " {number}"),
    "words": Format("Question: {question}\n{listed}\nAnswer:", "- {option}", " {option}"),
}


@dataset(modality="text_choices", licence="the user's own")
def choice_formats(
    *, path: str, context: str = "{question}", options: str = "options", answer: str = "answer", orders: int = 3
) -> Dataset:
    """Each question of a JSON Lines file, as `choices_jsonl` reads it, in four formats and up to `orders` orders.

    The formats list the options after letters, letters in brackets, numbers or dashes, and take the mark or, behind
    dashes, the option's own words as the answer. The orders are the given one and its rotations: with as many orders
    as options, each option stands once in each place.

    Facts of a question: same_as (the line it comes from), variant ("letters/0"), order (which of the line's options
    stands in each place) and cluster (the line's). The group is the format.
    """
    if orders < 1:
        raise DataError(f"there is at least one order of the options, got {orders}")
    read = choices_jsonl(path=path, context=context, options=options, answer=answer, before="")
    asked = [q for key, item in zip(read.keys, read.items, strict=True) for q in _variants(key, item, orders)]
    return assemble(
        name="choice_formats",
        modality="text_choices",
        items=asked,
        keys=[f"{question.facts['same_as']}/{question.facts['variant']}" for question in asked],
        labels=[question.facts["variant"].partition("/")[0] for question in asked],
        quarantined=list(read.quarantined),
        licence=read.licence,
        source=read.source,
        facts={**read.facts, "questions": len(read.items), "formats": ", ".join(FORMATS), "orders": orders},
    )


def _variants(key: str, item: Question, orders: int) -> Iterator[Question]:
    """`DataError` where there are more options than letters."""
    k = len(item.options)
    if k > len(LETTERS):
        raise DataError(f"{key}: {k} options are more than there are letters")
    for name, form in FORMATS.items():
        for turn in range(min(orders, k)):
            order = [(place + turn) % k for place in range(k)]
            marks = [
                {"letter": LETTERS[place], "number": str(place + 1), "option": item.options[own]}
                for place, own in enumerate(order)
            ]
            listed = "\n".join(_filled(form.line, one) for one in marks)
            facts = {"same_as": key, "variant": f"{name}/{turn}", "order": order, "cluster": key}
            yield Question(
                _filled(form.prompt, {"question": item.context, "listed": listed}),
                tuple(_filled(form.said, one) for one in marks), order.index(item.answer), facts,
            )  # fmt: skip


def _filled(template: str, words: dict[str, str]) -> str:
    """Braces of the user's own text stay as they are."""
    parts = template.replace("}", "{").split("{")
    return "".join(words[part] if i % 2 else part for i, part in enumerate(parts))
