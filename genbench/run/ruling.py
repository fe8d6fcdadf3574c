"""What a gate makes of one score: pass, fail or cannot tell. The one rule, for runs that decide and for `gate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from genbench.core.score import Score
from genbench.run.suite import Gate

Result: TypeAlias = Literal["pass", "fail", "cannot tell"]
Condition: TypeAlias = Literal["below", "above", "no_alarm"]
WORST_FIRST: tuple[Result, ...] = ("fail", "cannot tell", "pass")


def conditions(gate: Gate, score: Score) -> Iterator[tuple[Condition, Result]]:
    """Each condition the gate sets, and whether the whole interval keeps it, breaks it, or lies astride.

    A score without an interval is judged by its value.
    """
    interval = score.estimate.interval
    low, high = (interval.low, interval.high) if interval else (score.estimate.value,) * 2
    if gate.below is not None:
        yield "below", _side(high < gate.below, low >= gate.below)
    if gate.above is not None:
        yield "above", _side(low > gate.above, high <= gate.above)
    if gate.no_alarm:
        yield "no_alarm", _side(score.state == "clear", score.state == "alarm")


def ruled(gate: Gate, score: Score) -> Result:
    """The worst that any of the gate's conditions says."""
    return worst([result for _, result in conditions(gate, score)])


def worst(results: list[Result]) -> Result:
    """Fail before cannot tell before pass."""
    return min(results, key=WORST_FIRST.index)


def concerns(gate: Gate, model: str) -> bool:
    """Whether the gate is about this model: it names it, or names none."""
    return gate.models is None or model in gate.models


def _side(within: bool, outside: bool) -> Result:
    return "pass" if within else "fail" if outside else "cannot tell"
