"""Would you ship it? A run against the gates of its suite, and against a baseline."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from genbench.core.errors import ResultsError
from genbench.core.score import Failed, Interval, Score
from genbench.report.compare import compare_wanted
from genbench.report.comparisons import Compared, measured
from genbench.report.markdown import one_line
from genbench.report.pairing import Alone
from genbench.report.path import Path, paths
from genbench.report.verdict import SHOWN, Decision, Exempt, Verdict, counted
from genbench.results.run import Run
from genbench.run.ruling import WORST_FIRST, Condition, Result, concerns, conditions, worst
from genbench.run.suite import Gate
from genbench.run.until_decided import looked_at


def judge(run: Run, baseline: Run | None) -> Verdict:
    """Decides a run by its suite's gates and, with a baseline, by whether it became worse.

    Gates: the whole interval must lie within the limits to pass, wholly outside one to fail; astride is "cannot tell",
    with the n that would. A score without an interval is judged by its value, and that is said. A skipped score is
    "cannot tell", a failed probe breaks the verdict. A gate that names no models is for those that have the score: it
    does not apply to a model whose probe was skipped whole while another model was measured (said under `exempt`), but
    a missing package, or a probe that ran and would not give the number, excuses nobody.

    A run made with --until-decided stopped when it had seen enough, and an interval made for one n does not hold for an
    n chosen by looking: its gates are decided by the looks on record (`report.path`), not by the final intervals.
    Only where these contradict a look is the decision taken back to "cannot tell".

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
    followed = paths(run)
    for i, gate in enumerate(_gates(run)):
        decisions, excused = _decide(run, gate, [path for path in followed if path.gate == i])
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


def _decide(run: Run, gate: Gate, followed: Sequence[Path]) -> tuple[list[Decision], list[Exempt]]:
    """One decision per score the gate is about, or per model that should have one and has none."""
    words, probe, metric = _words(gate), *gate.metric.rsplit(".", 1)
    scores = [s for s in run.measured if s.id == gate.metric and concerns(gate, s.model)]
    failed = [f for f in run.failed if f.probe == probe and concerns(gate, f.model)]
    skipped = [s for s in run.skipped if s.probe == probe and s.metric in ("", metric) and concerns(gate, s.model)]
    decisions = [_judged(gate, words, score, scores, followed) for score in scores]
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


def _words(gate: Gate) -> str:
    limits = [
        f"{side} {limit:g}" for side, limit in (("above", gate.above), ("below", gate.below)) if limit is not None
    ]
    return one_line(f"{gate.metric} {' and '.join([*limits, *(['without alarm'] if gate.no_alarm else [])])}")


def _judged(gate: Gate, words: str, score: Score, scores: Sequence[Score], followed: Sequence[Path]) -> Decision:
    """All conditions of a gate on one score: the worst of them is the result, and each says why."""
    found = [(result, _reason(gate, score, condition, result)) for condition, result in conditions(gate, score)]
    result = worst([got for got, _ in found])
    said = [because for got, because in found if got == result]
    twins = [other for other in scores if other.model == score.model]
    mine = [path for path in followed if path.model == score.model and (len(twins) == 1 or path.lens == score.lens)]
    if mine and score.estimate.interval:
        return _recorded(words, mine, result, looked_at(score))
    alone = "" if score.estimate.interval else "; judged by its value alone, as it has no interval"
    told = [f" {word} {name}" for word, name in (("on", score.provenance.benchmark), ("through", score.lens)) if name]
    seen = "".join(told) + f" at n = {score.estimate.n:,}" if len(twins) > 1 else ""
    because = f"{measured(score)} {score.definition.unit}{seen}: {'; '.join(said)}{alone}"
    return Decision(words, score.model, result, one_line(because))


def _recorded(words: str, mine: Sequence[Path], final: Result, of: str) -> Decision:
    """What the looks decided; the worst of them where one probe saw the model twice through one lens."""
    path = min(mine, key=lambda path: WORST_FIRST.index(path.decision))
    if any(look.of not in ("", of) for look in path.looks):
        because = f"{path.words}, but the probe, model, data or lens has changed since: run anew, without --resume"
        return Decision(words, path.model, "cannot tell", one_line(because))
    if {path.decision, final} == {"pass", "fail"}:
        because = f"{path.words}, yet the whole interval at the final n says {final}: something changes with n"
        return Decision(words, path.model, "cannot tell", one_line(because))
    return Decision(words, path.model, path.decision, one_line(path.words))


def _reason(gate: Gate, score: Score, condition: Condition, result: Result) -> str:
    if condition == "no_alarm":
        return _alarm(score, result)
    limit = gate.below if condition == "below" else gate.above
    assert limit is not None  # the condition is set
    interval = score.estimate.interval
    what = "the whole interval is" if interval else "it is"
    if result != "cannot tell":
        return f"{what} {'' if result == 'pass' else 'not '}{condition} {limit:g}"
    assert interval is not None  # a single value lies on one side of any limit
    return f"{limit:g} lies within the interval{_enough(score, interval, limit)}"


def _enough(score: Score, interval: Interval, limit: float) -> str:
    """The n at which an interval about the same value would clear the limit, if its reach falls with sqrt(n)."""
    value, n = score.estimate.value, score.estimate.n
    room = abs(value - limit)
    if room == 0 or not score.definition.repeatable:
        return ""  # a meter's bounds do not narrow with n
    reach = interval.high - value if value < limit else value - interval.low
    needed = n * (reach / room) ** 2
    return f"; about n = {max(n + 1, round(needed)):,} would tell" if needed < 1e9 else ""


def _alarm(score: Score, result: Result) -> str:
    metric, floor = score.definition, score.estimate.floor
    if score.state == "info":
        why = "is context, shown and never judged" if metric.context else "sets no tolerance"
        if metric.tolerance is not None and not metric.context:
            why = "has no floor here"
        return f"the metric {why}, so it can give no alarm; gate it with `below` or `above`"
    past = f"{metric.tolerance:g} past its floor {floor:.4g}"
    if result == "fail":
        return f"alarm: more than {past}"
    return f"clear: not {past}" if result == "pass" else f"it may lie {past} or not"


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
