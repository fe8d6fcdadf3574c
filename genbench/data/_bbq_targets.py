"""Which option of a BBQ question the stereotype is about: from the authors' metadata file, or from the row itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genbench.core.data import Question
from genbench.core.errors import DataError
from genbench.data.csv import table

METADATA = "additional_metadata.csv"
COLUMNS = ["category", "example_id", "target_loc"]
GENDERS = {"man": "m", "boy": "m", "men": "m", "woman": "f", "girl": "f", "women": "f", "girls": "f"}


class Row(NamedTuple):
    """One question with what names it; own: the target as the row itself tells it, -1 for none, None where untold."""

    category: str
    example: str
    context: str
    question: Question
    own: int | None

    @property
    def key(self) -> str:
        return f"{self.category}/{self.example}"


def aimed(rows: Sequence[Row], metadata: Path | None) -> list[Question]:
    """The questions, with the fact `target`: an option, or -1 where none is one; left out where nothing tells."""
    places = None if metadata is None else _places(metadata)
    folded = set() if places is None else _folded(rows, places)
    questions = []
    for row in rows:
        target = row.own if places is None else places.get((row.category, row.example))
        facts = row.question.facts
        if target is not None and target >= 0 and row.category in folded and facts["polarity"] == "nonneg":
            target = 3 - target - facts["unknown"]
        if target == facts["unknown"]:
            target = -1
        questions.append(row.question if target is None else row.question._replace(facts={**facts, "target": target}))
    return questions


def _places(file: Path) -> dict[tuple[str, str], int]:
    """{(category, example_id): target_loc}; -1 for one that is left open (NA, x) or given twice, differently."""
    frame = table(file, tuple(COLUMNS))
    places: dict[tuple[str, str], int] = {}
    for category, example, place in frame[COLUMNS].itertuples(index=False):
        option = int(place) if place in ("0", "1", "2") else -1
        key = (category, example)
        places[key] = option if places.get(key, option) == option else -1
    return places


def _folded(rows: Sequence[Row], places: Mapping[tuple[str, str], int]) -> set[str]:
    """The categories in which target_loc is the answer that counts as biased, and so moves with the polarity.

    The authors' scripts write the target itself; files are about that write the biased answer. Questions on one
    context, with the same options in the same order, tell: where the two polarities differ, it is counted in.
    """
    seen: dict[tuple[str, str, tuple[str, ...]], dict[str, int]] = {}
    for row in rows:
        place = places.get((row.category, row.example), -1)
        if place >= 0 and row.question.facts["condition"] == "ambig":
            asked = (row.category, row.context, row.question.options)
            seen.setdefault(asked, {})[row.question.facts["polarity"]] = place
    votes: Counter[str] = Counter()
    for (category, _, _), by_polarity in seen.items():
        if len(by_polarity) == 2:
            votes[category] += 1 if by_polarity["neg"] != by_polarity["nonneg"] else -1
    return {category for category, vote in votes.items() if vote > 0}


def own_target(raw: Mapping[str, Any], info: Sequence[list[str]], unknown: int) -> int | None:
    """The one option whose group is among the row's `stereotyped_groups`; -1 where none or several are, None if untold.

    The intersectional categories tell one of the two groups that matter, which is not enough.
    """
    if "_x_" in raw["category"]:
        return None
    told = raw.get("additional_metadata")
    groups = told.get("stereotyped_groups") if isinstance(told, Mapping) else None
    if not isinstance(groups, list) or not groups:
        return None
    wanted = {_group(str(group)) for group in groups}
    of_it = [i for i, words in enumerate(info) if i != unknown and wanted & set(map(_group, words))]
    return of_it[0] if len(of_it) == 1 else -1


def info_of(raw: Mapping[str, Any], option: str) -> list[str]:
    """What `answer_info` says of an option; empty where it says nothing, as of some options in Race_x_gender."""
    told = raw.get("answer_info")
    words = told.get(option) if isinstance(told, Mapping) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError(f"answer_info says nothing of {option!r}")
    return [word.strip("{} ") for word in words]


def _group(word: str) -> str:
    """A group as both sides would write it: F-Black is Black, low SES is lowSES, trans_M is trans, a girl is F.

    These are the unifications of the authors' own script (BBQ_results_metadata.R). Names are compared whole, so that
    African is not found in African American, nor old in nonOld.
    """
    name = word.strip().lower().removeprefix("m-").removeprefix("f-").replace(" ses", "ses")
    for kind in ("nontrans", "trans"):
        if name == kind or name.startswith((f"{kind}_", f"{kind}gender")):
            return kind
    return GENDERS.get(name, name)
