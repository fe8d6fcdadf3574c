"""The user's own multiple choice, as JSON Lines."""

from __future__ import annotations

from genbench.core.data import Dataset, Question, dataset
from genbench.core.errors import DataError
from genbench.data._tasks import Labels, Record, field, filled, lengths, task, texts


@dataset(modality="text_choices", licence="the user's own")
def choices_jsonl(
    *,
    path: str,
    context: str = "{question}",
    options: str = "options",
    answer: str = "answer",
    before: str = " ",
    group: str | None = None,
    cluster: str | None = None,
) -> Dataset:
    """JSON Lines of questions, such as `{"question": "2 + 2 =", "options": ["3", "4"], "answer": 1}`.

    context: a template whose `{field}`s are filled from the line. options: the field that lists the ways to go on, each
    put behind the context after `before`. answer: the field with the right one: its place from 0, its very text, or its
    letter (A is the first), tried in this order. group: the field by which to report. cluster: the field that questions
    about one text have in common, whose errors are not independent. A line that makes no question is set aside by name.
    """
    named = Labels(group, cluster)

    def question(record: Record) -> Question:
        offered = texts(record, options)
        if len(offered) < 2:
            raise DataError(f"field {options!r} lists one way to go on; a choice needs two")
        facts = {"lengths": lengths(offered), **named.facts(record)}
        listed = tuple(f"{before}{option}" for option in offered)
        return Question(filled(context, record), listed, _place(field(record, answer), offered, answer), facts)

    return task(path, "text_choices", named, question)


def _place(said: object, options: list[str], name: str) -> int:
    """Which option is meant; `DataError` where that is none, or two alike."""
    place = -1
    if isinstance(said, int) and not isinstance(said, bool):
        place = said
    elif isinstance(said, str) and said in options:
        if options.count(said) > 1:
            raise DataError(f"field {name!r} says {said!r}, and two options read so")
        place = options.index(said)
    elif isinstance(said, str) and len(letter := said.strip().upper()) == 1 and letter.isalpha():
        place = ord(letter) - ord("A")
    if not 0 <= place < len(options):
        raise DataError(f"field {name!r} says {said!r}: neither a place from 0 to {len(options) - 1}, nor an option")
    return place
