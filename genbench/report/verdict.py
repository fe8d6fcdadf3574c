"""What a gate decided: decisions, one result, one sentence, one exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from genbench.report.markdown import one_line
from genbench.run.ruling import Result

VerdictResult: TypeAlias = Literal["pass", "fail", "cannot tell", "broken", "no gates"]
EXIT_CODES: dict[VerdictResult, int] = {"pass": 0, "fail": 1, "no gates": 2, "cannot tell": 3, "broken": 4}
SHOWN = 3  # decisions a verdict's sentence names
LONGEST = 2000  # characters of that sentence


@dataclass(frozen=True)
class Decision:
    """One gate on one model's score. broke: the result is a fail because there is no score: its probe failed."""

    gate: str
    model: str
    result: Result
    because: str
    broke: bool = False


@dataclass(frozen=True)
class Exempt:
    """A gate that names no models and does not apply to this one, with the probe's own reason."""

    gate: str
    model: str
    because: str


@dataclass(frozen=True)
class Verdict:
    """What `genbench gate` decides.

    broken beats fail beats cannot tell beats pass: of a run that did not end, or whose gated probe failed, nobody
    knows the rest. "no gates" is a usage error for a job that gates (exit 2), and none for a report.
    notes: what a reader must know beside the decisions. `because` and `words` are single lines without control
    characters; names are as the suite gives them, and an outlet makes them harmless.
    """

    run: str
    status: str
    decisions: tuple[Decision, ...]
    exempt: tuple[Exempt, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def result(self) -> VerdictResult:
        results = {decision.result for decision in self.decisions}
        if self.status != "finished" or any(decision.broke for decision in self.decisions):
            return "broken"
        if not self.decisions:
            return "no gates"
        return "fail" if "fail" in results else "cannot tell" if "cannot tell" in results else "pass"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 2 no gates, 3 cannot tell, 4 the run itself broke."""
        return EXIT_CODES[self.result]

    @property
    def words(self) -> str:
        """One sentence."""
        said = {
            "pass": f"PASS: all {counted(len(self.decisions), 'decision')} hold",
            "no gates": "NO GATES are set, so nothing was decided; add `gates:` to the suite, or use --against",
            "fail": f"FAIL: {self._named('fail')}",
            "cannot tell": f"CANNOT TELL: {self._named('cannot tell')}",
            "broken": f"BROKEN: {self._broken()}",
        }[self.result]
        return one_line(f"{'; '.join([said, *self.notes])}.", LONGEST)

    @property
    def rows(self) -> list[list[str]]:
        """[gate, model, result, because] of every decision, then of what a gate does not apply to."""
        decided = [[d.gate, d.model, d.result, d.because] for d in self.decisions]
        return decided + [[e.gate, e.model, "does not apply", e.because] for e in self.exempt]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a machine."""
        return {
            "run": self.run,
            "status": self.status,
            "result": self.result,
            "exit_code": self.exit_code,
            "words": self.words,
            "decisions": [{**vars(d)} for d in self.decisions],
            "exempt": [{**vars(e)} for e in self.exempt],
            "notes": list(self.notes),
        }

    def _named(self, result: Result) -> str:
        those = [d for d in self.decisions if d.result == result]
        first = ", ".join(f"{d.gate} ({d.model})" if d.model else d.gate for d in those[:SHOWN])
        more = f" and {len(those) - SHOWN} more" if len(those) > SHOWN else ""
        return f"{len(those)} of {counted(len(self.decisions), 'decision')}: {first}{more}"

    def _broken(self) -> str:
        ended = [] if self.status == "finished" else [f"the run is {self.status}; take it up again with --resume"]
        broke = sorted({f"{d.gate} ({d.model})" for d in self.decisions if d.broke})
        failed = [f"no score for {', '.join(broke[:SHOWN])}, whose probe failed"] if broke else []
        worse = sum(d.result == "fail" and not d.broke for d in self.decisions)
        fails = [f"besides, {counted(worse, 'decision')} failed"] if worse else []
        return "; ".join([*ended, *failed, *fails])


def counted(number: int, noun: str) -> str:
    """`1 score`, `2,000 scores`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
