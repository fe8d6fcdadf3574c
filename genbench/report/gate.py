"""Would you ship it? A run against the gates of its suite, and against a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from genbench.core.errors import ResultsError
from genbench.core.score import Failed, Interval, Score
from genbench.report.compare import Compared, compare_wanted, measured
from genbench.report.markdown import one_line
from genbench.report.pairing import Alone
from genbench.report.verdict import SHOWN, Decision, Exempt, Result, Verdict, counted
from genbench.results.run import Run
from genbench.run.suite import Gate


def judge(run: Run, baseline: Run | None) -> Verdict:
    """Decides a run by its suite's gates and, with a baseline, by whether it became worse.

    Gates: the whole interval must lie within the limits to pass, wholly outside one to fail; astride is "cannot tell",
    with the n that would. A score without an interval is judged by its value, and that is said. A skipped score is
    "cannot tell", a failed probe breaks the verdict. A gate that names no models is for those that have the score: it
    does not apply to a model whose probe was skipped whole while another model was measured (said under `exempt`), but
    a missing package, or a probe that ran and would not give the number, excuses nobody.

    Baseline: every repeatable score that is no context is compared, Holm-corrected together; worse fails. One that
    cannot be told apart does not fail: absence of proof is what an unchanged model shows as well; how many there are is
    said. A score of the baseline that is now skipped is "cannot tell", one whose probe now fails breaks the verdict.
    `ResultsError` where the baseline did not finish, shares nothing with the run, or was made otherwise (data, lens,
    precision, settings, probe), naming what differs.

    A run without gates and baseline gives the result "no gates" with exit code 2: a job that gates on nothing would
    pass for ever, and whoever set it up should hear of it. Reports show it and go on.
    """
    decided: list[Decision] = []
    exempt: list[Exempt] = []
    notes: list[str] = []
    for gate in _gates(run):
        decisions, excused = _decide(run, gate)
        decided += decisions
        exempt += excused
    if excused_models := sorted({e.model for e in exempt}):
        notes.append(
            f"some gates do not apply to {', '.join(excused_models[:SHOWN])}"
            f"{' and others' if len(excused_models) > SHOWN else ''}"
        )
    if baseline is not None:
        against, more = _against(run, baseline)
        decided += against
        notes += more
    return Verdict(one_line(run.path.name), run.status, tuple(decided), tuple(exempt), tuple(notes))


def _gates(run: Run) -> list[Gate]:
    try:
        return [Gate.model_validate(plain) for plain in run.header.suite.get("gates") or ()]
    except ValidationError as error:
        raise ResultsError(f"the gates kept in {run.path / 'run.json'} cannot be read: {error}") from error


def _decide(run: Run, gate: Gate) -> tuple[list[Decision], list[Exempt]]:
    """One decision per score the gate is about, or per model that should have one and has none."""
    words, probe, metric = _words(gate), *gate.metric.rsplit(".", 1)
    scores = [s for s in run.measured if s.id == gate.metric and _meant(gate, s.model)]
    failed = [f for f in run.failed if f.probe == probe and _meant(gate, f.model)]
    skipped = [s for s in run.skipped if s.probe == probe and s.metric in ("", metric) and _meant(gate, s.model)]
    decisions = [_judged(gate, words, score, scores) for score in scores]
    decisions += [
        Decision(words, f.model, "fail", one_line(f"the probe failed: {f.error}"), broke=True) for f in failed
    ]
    exempt: list[Exempt] = []
    for s in skipped:
        if gate.models is None and s.planned and scores:
            exempt.append(Exempt(words, s.model, one_line(s.because)))
        elif not (s.planned and any(score.model == s.model for score in scores)):
            decisions.append(Decision(words, s.model, "cannot tell", one_line(f"skipped: {s.because}")))
    known = {d.model for d in decisions}
    absent = [m for m in gate.models or () if m not in known]
    if not (decisions or gate.models):
        absent = [""]
    because = "not measured: no outcome of this run is about it"
    decisions += [Decision(words, name, "cannot tell", because) for name in absent]
    return decisions, exempt


def _meant(gate: Gate, model: str) -> bool:
    return gate.models is None or model in gate.models


def _words(gate: Gate) -> str:
    limits = [
        f"{side} {limit:g}" for side, limit in (("above", gate.above), ("below", gate.below)) if limit is not None
    ]
    return one_line(f"{gate.metric} {' and '.join([*limits, *(['without alarm'] if gate.no_alarm else [])])}")


def _judged(gate: Gate, words: str, score: Score, scores: Sequence[Score]) -> Decision:
    """All conditions of a gate on one score: the worst of them is the result, and each says why."""
    found = list(_conditions(gate, score))
    order: tuple[Result, ...] = ("fail", "cannot tell", "pass")
    result = next(kind for kind in order if any(kind == got for got, _ in found))
    said = [because for got, because in found if got == result]
    alone = "" if score.estimate.interval else "; judged by its value alone, as it has no interval"
    twins = sum(other.model == score.model for other in scores) > 1
    seen = f" through {score.lens} at n = {score.estimate.n:,}" if twins else ""
    because = f"{measured(score)} {score.definition.unit}{seen}: {'; '.join(said)}{alone}"
    return Decision(words, score.model, result, one_line(because))


def _conditions(gate: Gate, score: Score) -> Iterator[tuple[Result, str]]:
    interval = score.estimate.interval
    ends = (interval.low, interval.high) if interval else (score.estimate.value,) * 2
    if gate.below is not None:
        yield _limit(score, gate.below, ends[1] < gate.below, ends[0] >= gate.below, "below")
    if gate.above is not None:
        yield _limit(score, gate.above, ends[0] > gate.above, ends[1] <= gate.above, "above")
    if gate.no_alarm:
        yield _alarm(score)


def _limit(score: Score, limit: float, within: bool, outside: bool, side: str) -> tuple[Result, str]:
    interval = score.estimate.interval
    what = "the whole interval is" if interval else "it is"
    if within:
        return "pass", f"{what} {side} {limit:g}"
    if outside:
        return "fail", f"{what} not {side} {limit:g}"
    assert interval is not None  # a single value lies on one side of any limit
    return "cannot tell", f"{limit:g} lies within the interval{_enough(score, interval, limit)}"


def _enough(score: Score, interval: Interval, limit: float) -> str:
    """The n at which an interval about the same value would clear the limit, if its reach falls with sqrt(n)."""
    value, n = score.estimate.value, score.estimate.n
    room = abs(value - limit)
    if room == 0 or not score.definition.repeatable:
        return ""  # a meter's bounds do not narrow with n
    reach = interval.high - value if value < limit else value - interval.low
    needed = n * (reach / room) ** 2
    return f"; about n = {max(n + 1, round(needed)):,} would tell" if needed < 1e9 else ""


def _alarm(score: Score) -> tuple[Result, str]:
    metric, floor = score.definition, score.estimate.floor
    if score.state == "info":
        why = "is context, shown and never judged" if metric.context else "sets no tolerance"
        if metric.tolerance is not None and not metric.context:
            why = "has no floor here"
        return "cannot tell", f"the metric {why}, so it can give no alarm; gate it with `below` or `above`"
    past = f"{metric.tolerance:g} past its floor {floor:.4g}"
    if score.state == "alarm":
        return "fail", f"alarm: more than {past}"
    return ("pass", f"clear: not {past}") if score.state == "clear" else ("cannot tell", f"it may lie {past} or not")


def _against(run: Run, baseline: Run) -> tuple[list[Decision], list[str]]:
    """Decisions against a baseline, one per score that fails or is missing and one per model otherwise."""
    name = one_line(baseline.path.name)
    if baseline.status != "finished":
        raise ResultsError(f"the baseline {name} is {baseline.status}, so it cannot stand for what was good before")
    compared, alone = compare_wanted(baseline, run, lambda score: score.definition.repeatable)
    if not compared and not any(one.in_a and one.other for one in alone):
        raise ResultsError(f"the baseline {name} shares no score with {run.path.name}: nothing can be compared")
    if obstacles := list(dict.fromkeys(c.pair.obstacle for c in compared if c.pair.obstacle)):
        listed = "\n".join(f"  {obstacle}" for obstacle in obstacles)
        raise ResultsError(f"the baseline {name} cannot be compared with {run.path.name}:\n{listed}")
    decisions = [_worse(c, name) for c in compared if c.answer == "worse"]
    decisions += [found for one in alone if (found := _missing(one, name)) is not None]
    for model in dict.fromkeys(c.pair.b.model for c in compared):
        if not any(d.model == model for d in decisions):
            those = [c for c in compared if c.pair.b.model == model]
            decisions.append(Decision(f"against {name}", model, "pass", _tally(those)))
    gone = sum(one.in_a and one.other is None for one in alone)
    notes = [f"{counted(gone, 'score')} of {name} {'is' if gone == 1 else 'are'} not in this run"] if gone else []
    unsure = sum(c.answer == "cannot tell" for c in compared)
    if unsure:
        notes.append(
            f"{unsure} of {counted(len(compared), 'score')} cannot be told apart from {name}, which fails nothing"
        )
    return decisions, notes


def _worse(c: Compared, name: str) -> Decision:
    a, b = c.pair.a, c.pair.b
    because = f"worse: {measured(a)} before, {measured(b)} now; {c.because}"
    return Decision(one_line(f"{b.id} against {name}"), b.model, "fail", one_line(because))


def _missing(one: Alone, name: str) -> Decision | None:
    """A score of the baseline that this run should have and has not; None where the suite no longer asks for it."""
    if not one.in_a or one.other is None:
        return None
    gate = one_line(f"{one.score.id} against {name}")
    if isinstance(one.other, Failed):
        because = one_line(f"{measured(one.score)} before; now the probe failed: {one.other.error}")
        return Decision(gate, one.other.model, "fail", because, broke=True)
    because = one_line(f"{measured(one.score)} before; now skipped: {one.other.because}")
    return Decision(gate, one.other.model, "cannot tell", because)


def _tally(compared: Sequence[Compared]) -> str:
    kinds = [c.answer for c in compared]
    found = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("better", "same", "cannot tell") if kind in kinds)
    return f"none of {counted(len(kinds), 'score')} is worse: {found}"
