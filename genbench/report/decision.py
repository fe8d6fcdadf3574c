"""The top of the page: what was decided, for whom, and what raised an alarm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genbench.core.score import Score
from genbench.report.cast import Member
from genbench.report.gate import judge
from genbench.report.numbers import count
from genbench.report.overview import judged
from genbench.report.reading import tallies
from genbench.results.run import Run

HEADLINES = {
    "pass": "Pass: every gate holds",
    "fail": "Fail: not every gate holds",
    "cannot tell": "Cannot tell yet",
    "broken": "Broken: no verdict",
    "no gates": "No gates: nothing to pass or fail",
}
ENDED_EARLY = {
    "interrupted": "Interrupted: no verdict",
    "unfinished": "Unfinished: no verdict yet",
}
STATUS = {
    "interrupted": "What follows is what was measured until then.",
    "unfinished": "What follows is what was measured so far.",
    "broken": "This run ended early because of an error. What follows is what was measured until then.",
}
SIGNS = {"pass": "clear", "fail": "alarm", "cannot tell": "unsure", "broken": "failed"}

ORDER = ("fail", "cannot tell", "pass", "does not apply")
SHOUTED = re.compile(r"^[A-Z ]+: |^NO GATES (?=are)")  # the result, which the headline says already


@dataclass(frozen=True)
class Ruling:
    """One gate on one model."""

    gate: str
    model: str
    result: str
    because: str

    @property
    def sign(self) -> str:
        return SIGNS.get(self.result, "info")


@dataclass(frozen=True)
class Standing:
    """One model: result is pass, fail, cannot tell, or no gate. words: its gates; found: (state, how many)."""

    member: Member
    result: str
    words: str
    found: tuple[tuple[str, str], ...]
    alarms: int

    @property
    def sign(self) -> str:
        return SIGNS.get(self.result, "info")


@dataclass(frozen=True)
class Decision:
    """result: pass, fail, cannot tell, broken or no gates. words: why, in a sentence. broken_cells: how many failed."""

    result: str
    headline: str
    words: str
    status: str
    standings: tuple[Standing, ...]
    rulings: tuple[Ruling, ...]
    alarms: tuple[Score, ...]
    unsure: tuple[Score, ...]
    caught: tuple[Score, ...]
    missed: tuple[str, ...]
    broken_cells: int

    @property
    def sign(self) -> str:
        """How the verdict is drawn. A run that only has not ended is doubt, not failure."""
        return "unsure" if self.headline in ENDED_EARLY.values() else SIGNS.get(self.result, "info")

    @property
    def doubtful(self) -> bool:
        """Whether some gate does not hold, so that a reader should see which."""
        return any(ruling.result in ("fail", "cannot tell") for ruling in self.rulings)


def decision(run: Run, members: Mapping[str, Member]) -> Decision:
    """The verdict of the gates beside the alarms, those of controls apart: they are due."""
    verdict = judge(run, None)
    found = [Ruling(d.gate, d.model, d.result, d.because) for d in verdict.decisions]
    found += [Ruling(e.gate, e.model, "does not apply", e.because) for e in verdict.exempt]
    rulings = tuple(sorted(found, key=lambda r: ORDER.index(r.result)))
    scores = judged(run.measured)
    alarms = [s for s in scores if s.state == "alarm"]
    caught = tuple(s for s in alarms if members[s.model].expects(s))
    free = tuple(s for s in alarms if s not in caught)
    headline = ENDED_EARLY.get(run.status, HEADLINES[verdict.result])
    if headline == HEADLINES["pass"] and free:
        headline += f", beside {count(len(free), 'alarm')} that no gate forbids"
    return Decision(
        verdict.result,
        headline,
        _calmly(verdict.words),
        STATUS.get(run.status, ""),
        tuple(_standing(member, rulings, scores) for member in members.values()),
        rulings,
        free,
        tuple(s for s in scores if s.state == "unsure" and not members[s.model].control),
        caught,
        tuple(m for member in members.values() if (m := _missed(member, scores))),
        len(run.failed),
    )


def _standing(member: Member, rulings: Sequence[Ruling], scores: Sequence[Score]) -> Standing:
    mine = [r.result for r in rulings if r.model == member.name and r.result in ORDER[:3]]
    states = [s.state for s in scores if s.model == member.name and s.state != "info"]
    result = next((r for r in ("fail", "cannot tell", "pass") if r in mine), "no gate")
    words = f"{mine.count('pass')} of {count(len(mine), 'gate')}" if mine else ""
    return Standing(member, result, words, tuple(tallies(states)), states.count("alarm"))


def _calmly(words: str) -> str:
    """The verdict's sentence without the result that leads it."""
    said = SHOUTED.sub("", words)
    return f"None {said}" if words.startswith("NO GATES are") else said[:1].upper() + said[1:]


def _missed(member: Member, scores: Sequence[Score]) -> str:
    """What a control planted and no probe found, where one looked."""
    axis = f"{member.must_alarm}."
    looked = [s for s in scores if s.model == member.name and s.probe.startswith(axis) and s.state != "info"]
    if not member.must_alarm or not looked or any(s.state == "alarm" for s in looked):
        return ""
    return (
        f"{member.name} {member.control}, and no {member.must_alarm} score raised an alarm: "
        "do not lean on what these scores clear in this run"
    )
