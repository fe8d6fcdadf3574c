"""The user's own pairs of statements, as JSON Lines."""

from __future__ import annotations

from genbench.core.data import Dataset, Pair, dataset
from genbench.core.errors import DataError
from genbench.data._tasks import Labels, Record, filled, task


@dataset(modality="text_pairs", licence="the user's own")
def pairs_jsonl(
    *, path: str, first: str = "{first}", second: str = "{second}", direction: str | None = None,
    group: str | None = None,
) -> Dataset:  # fmt: skip
    """JSON Lines of two statements to compare, such as `{"first": "She is a nurse.", "second": "He is a nurse."}`.

    first, second: templates whose `{field}`s are filled from the line, so that one template may make both. direction:
    the field that says which way the pair goes ("stereo" or "antistereo"). group: the field by which to report. A line
    that makes no pair is named and set aside.
    """

    def pair(record: Record) -> Pair:
        made = Pair(
            filled(first, record), filled(second, record), filled(f"{{{direction}}}", record) if direction else ""
        )
        if not (made.first.strip() and made.second.strip()):
            raise DataError("a statement is empty")
        if made.first == made.second:
            raise DataError("both statements are the same")
        return made

    return task(path, "text_pairs", Labels(group), pair)
