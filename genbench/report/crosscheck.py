"""Our books against the meter's own: do they agree, and where they do not, why not?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genbench.report.numbers import energy
from genbench.results.run import Run

TOLERANCE = 0.02  # of the meter's total; rounding and the moment between our last reading and its stop are far below
NAMES = {"codecarbon": "CodeCarbon"}


@dataclass(frozen=True)
class Check:
    """agree: None where there is nothing to compare. joules: the meter's own total; ours: of the machine; charged: of
    ours, what stages of this run were charged with.
    """

    agree: bool | None
    words: str
    joules: str = ""
    ours: str = ""
    charged: str = ""


def check(run: Run) -> Check:
    """Sums over the sessions of the run; one that was killed has left no total and is not in either sum."""
    events = run.events("meter")
    ended = [event for event in events if event["own_total"]]
    if not ended:
        return Check(None, "No meter ran to an end here, so that there is no total to compare with.")
    theirs, ours, charged, before = (_sum(ended, key) for key in ("own_total", "machine", "charged", "before"))
    name = NAMES.get(str(ended[-1]["meter"]), str(ended[-1]["meter"]))
    gap = theirs - before - ours
    part = abs(gap) / theirs if theirs else 0.0
    agree = part <= TOLERANCE
    early = f", besides {energy(before)} that it counted before the first stage" if before else ""
    words = f"{name}'s own total is {energy(theirs)} for the whole machine; ours is {energy(ours)}{early}. "
    if agree:
        words += f"The two agree within {max(0.1, round(100 * part, 1)):g} %."
    else:
        missing = "fewer" if gap > 0 else "more"
        words += (
            f"The two do not agree: ours has {energy(abs(gap))} {missing}. A counter that could not be followed, or a "
            "meter that broke, is said among the notes."
        )
    return Check(agree, words + _shared(ours, charged), energy(theirs), energy(ours), energy(charged))


def _shared(ours: float, charged: float) -> str:
    if charged >= 0.99 * ours:
        return " All of it is charged to this run, which had the machine to itself."
    return (
        f" Of ours, {energy(charged)} ({100 * charged / ours:.0f} %) are charged to this run: its share of all CPU "
        "seconds. The meter counts the whole machine, whoever uses it."
    )


def _sum(events: list[dict[str, Any]], key: str) -> float:
    books: list[Mapping[str, float]] = [event[key] for event in events]
    return float(sum(joules for book in books for joules in book.values()))
