"""What is unsure, metric by metric: many models that few data decide nothing about are one line, not many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genbench.core.score import Score
from genbench.report.numbers import count, figures, listed, number
from genbench.report.place import apart
from genbench.report.subject import Subject, subject, titled

FEW = 12  # so many are told one by one
AT_A_GLANCE = 6  # metrics that are named where all are counted


@dataclass(frozen=True)
class Doubt:
    """One metric with the models it is unsure for. apart: what tells it from others of its title, see `place.apart`.

    measure: the unit of the numbers. perfect: what a perfect model shows, from the least floor to the greatest, in the
    same unit; empty where no floor is known. found: (model, "0.498 [0.047, 0.945]"), in the run's order.
    """

    title: str
    apart: str
    measure: str
    perfect: str
    found: tuple[tuple[str, str], ...]
    first: Score

    @property
    def named(self) -> str:
        """ "Copies", or "Copies on digits" where digits are not all that there is."""
        return f"{self.title} {self.apart}".strip()


def doubts(unsure: Sequence[Score]) -> tuple[Doubt, ...]:
    """The metric that is unsure for most models first."""
    groups: dict[str, dict[Subject, list[Score]]] = {}
    for score in unsure:
        groups.setdefault(titled(score), {}).setdefault(subject(score)._replace(id=""), []).append(score)
    made: list[Doubt] = []
    for alike in groups.values():
        words = apart([scores[0] for scores in alike.values()])
        made += [_doubt(scores, word) for scores, word in zip(alike.values(), words, strict=True)]
    return tuple(sorted(made, key=lambda doubt: -len(doubt.found)))


def at_a_glance(found: Sequence[Doubt]) -> str:
    """ "Copies (14), Distance (9) and 3 other metrics (4)"."""
    most = found if len(found) <= AT_A_GLANCE + 1 else found[:AT_A_GLANCE]
    named = [f"{doubt.named} ({len(doubt.found)})" for doubt in most]
    if rest := found[len(most) :]:
        named.append(f"{count(len(rest), 'other metric')} ({sum(len(doubt.found) for doubt in rest)})")
    return listed(named)


def _doubt(scores: Sequence[Score], where: str) -> Doubt:
    first = scores[0]
    unit = first.definition.unit
    part = unit.removeprefix("share of ")
    measure = unit if unit.partition(" ")[0] != "share" else f"% of {part}" if part != unit else "%"
    floors = [score.estimate.floor for score in scores if score.estimate.floor is not None]
    ends = [_number(floor, first) for floor in ((min(floors), max(floors)) if floors else ())]
    found = tuple((score.model, _figures(score)) for score in scores)
    return Doubt(titled(first), where, measure, " to ".join(dict.fromkeys(ends)), found, first)


def _number(value: float, score: Score) -> str:
    return number(100 * value if score.definition.unit.startswith("share") else value)


def _figures(score: Score) -> str:
    """Value and interval, in percent where the unit is a share."""
    if not score.definition.unit.startswith("share"):
        words = figures(score.estimate)
        return f"{words.value} {words.interval}".strip()
    value, interval = score.estimate.value, score.estimate.interval
    ends = f" [{number(100 * interval.low)}, {number(100 * interval.high)}]" if interval else ""
    return f"{number(100 * value)}{ends}"
