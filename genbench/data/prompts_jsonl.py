"""The user's own prompts with right answers, as JSON Lines."""

from __future__ import annotations

from genbench.core.data import Dataset, Prompt, dataset
from genbench.core.errors import DataError
from genbench.data._tasks import Labels, Record, filled, task, texts


@dataset(modality="text_prompts", licence="the user's own")
def prompts_jsonl(
    *,
    path: str,
    prompt: str = "{prompt}",
    references: str = "references",
    stop: tuple[str, ...] = (),
    group: str | None = None,
    cluster: str | None = None,
) -> Dataset:
    """JSON Lines of prompts, such as `{"prompt": "Q: Who wrote Emma?\\nA:", "references": ["Jane Austen"]}`.

    prompt: a template whose `{field}`s are filled from the line. references: the field with the right answer, or a list
    of such. stop: an answer ends before the first of these; "\\n" keeps one line. group: the field by which to report.
    cluster: the field that prompts about one text have in common, whose errors are not independent. A line that makes
    no prompt is named and set aside.
    """
    if not all(stop):
        raise DataError("`stop` holds an empty text, which every answer begins with")
    named = Labels(group, cluster)

    def asked(record: Record) -> Prompt:
        facts = {**({"until": list(stop)} if stop else {}), **named.facts(record)}
        return Prompt(filled(prompt, record), tuple(texts(record, references)), facts)

    return task(path, "text_prompts", named, asked)
