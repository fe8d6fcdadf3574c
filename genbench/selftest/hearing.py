"""When a probe has heard something: one criterion per way in which a score, or a refusal, can speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from genbench.core.score import Environment, Estimate, Metric, Provenance, Score

Ear: TypeAlias = Literal["heard", "quiet", "lost"]  # lost: there was no score to listen to

REFUSED = "refused: "
NOWHERE = Environment("", "", False, "", "", "", {})


@dataclass(frozen=True)
class Refusal:
    """What stands where a score would: the reason of an `Absent`, a `NotApplicable`, or an error."""

    because: str


Answer: TypeAlias = Estimate | Refusal


def listen(how: str, definition: Metric, answer: Answer, truth: float | None) -> Ear:
    """Whether that answer counts as heard. `KeyError` where no criterion has that name."""
    if how.startswith(REFUSED):
        return "heard" if isinstance(answer, Refusal) and how.removeprefix(REFUSED) in answer.because else "quiet"
    criterion = CRITERIA[how]
    if isinstance(answer, Refusal):
        return "lost"
    return "heard" if criterion(definition, answer, truth) else "quiet"


def _alarm(definition: Metric, found: Estimate, truth: float | None) -> bool:
    """The state that a report would show."""
    origin = Provenance("", "", {}, "", "", "", "", "", "", 0, "", NOWHERE)
    return Score("", "", "", "", "", "", definition, found, origin).state == "alarm"


def _off_floor(definition: Metric, found: Estimate, truth: float | None) -> bool:
    """The interval leaves out what a perfect model shows; for metrics that set no limit."""
    assert found.floor is not None, "this metric has no floor to be off"
    low, high = _ends(found)
    return not bool(low <= found.floor <= high)


def _misses_truth(definition: Metric, found: Estimate, truth: float | None) -> bool:
    """The interval leaves out the known value."""
    assert truth is not None, "the scene states no truth for this metric"
    low, high = _ends(found)
    slack = 1e-9 * max(1.0, abs(truth))
    return not bool(low - slack <= truth <= high + slack)


def _above_truth(definition: Metric, found: Estimate, truth: float | None) -> bool:
    """The whole interval lies above a stated value."""
    assert truth is not None, "the scene states no value to be above"
    return bool(_ends(found)[0] > truth + 1e-9 * max(1.0, abs(truth)))


def _ends(found: Estimate) -> tuple[float, float]:
    return (found.value, found.value) if found.interval is None else (found.interval.low, found.interval.high)


CRITERIA: Mapping[str, Callable[[Metric, Estimate, float | None], bool]] = {
    "alarm": _alarm,
    "off floor": _off_floor,
    "misses truth": _misses_truth,
    "above truth": _above_truth,
}
