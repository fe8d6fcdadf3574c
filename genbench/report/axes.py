"""One section per axis: each metric with its chart, its numbers and its reading; then what was skipped or broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from genbench.core.probe import AXES
from genbench.core.score import Failed, Score, Skipped
from genbench.report.cast import Member
from genbench.report.forest import forest, mark_of
from genbench.report.numbers import Figures, figures
from genbench.report.place import fact, place
from genbench.report.reading import AXIS_ASKS, direction, in_words, ranking
from genbench.report.subject import Subject, subject
from genbench.results.run import Run


@dataclass(frozen=True)
class Line:
    """One score as a row of numbers."""

    member: Member
    state: str
    figures: Figures
    n: str
    words: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Panel:
    """Scores that compare: one metric of one `report.subject.Subject`. limited: some of them have a limit to keep.

    place: what sets it apart from the metric's other panels, as (word, name) one after the other: on the benchmark or
    the dataset, through the lens, with the settings and at the n that the others have not.
    """

    place: tuple[tuple[str, str], ...]
    chart: Markup
    lines: tuple[Line, ...]
    left_out: int
    methods: tuple[str, ...]
    words: str
    limited: bool

    @property
    def where(self) -> str:
        return " ".join(f"{word} {name}" for word, name in self.place)


@dataclass(frozen=True)
class Metric:
    """A metric as the page shows it. anchor: its place on the page."""

    anchor: str
    id: str
    title: str
    unit: str
    direction: str
    summary: str
    reading: str
    context: bool
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Reason:
    """Why something was skipped, with all that was skipped for it."""

    because: str
    what: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    name: str
    asks: str
    metrics: tuple[Metric, ...]
    context: tuple[Metric, ...]
    skipped: tuple[Reason, ...]
    failed: tuple[Failed, ...]


def sections(run: Run, members: Mapping[str, Member], most_rows: int) -> tuple[Axis, ...]:
    """The axes in their order, those with outcomes only. Panels hold at most so many rows, and say what is left out."""
    found = []
    for name in AXES:
        scores = [s for s in run.measured if s.probe.startswith(f"{name}.")]
        skipped = [s for s in run.skipped if s.probe.startswith(f"{name}.")]
        failed = tuple(f for f in run.failed if f.probe.startswith(f"{name}."))
        if scores or skipped or failed:
            metrics = _metrics(name, scores, members, most_rows)
            judged, context = (tuple(m for m in metrics if m.context is kind) for kind in (False, True))
            found.append(Axis(name, AXIS_ASKS.get(name, ""), judged, context, reasons(skipped), failed))
    return tuple(found)


def reasons(skipped: Sequence[Skipped]) -> tuple[Reason, ...]:
    """Skipped cells grouped by their reason."""
    groups: dict[str, list[Skipped]] = {}
    for cell in skipped:
        groups.setdefault(cell.because, []).append(cell)
    return tuple(
        Reason(
            because,
            tuple(dict.fromkeys(f"{c.probe}.{c.metric}" if c.metric else c.probe for c in cells)),
            tuple(dict.fromkeys(c.model for c in cells)),
        )
        for because, cells in groups.items()
    )


def _metrics(axis: str, scores: Sequence[Score], members: Mapping[str, Member], most_rows: int) -> list[Metric]:
    # The title is part of what a metric is: only one lens may call its Fréchet distance FID.
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.id, score.title), []).append(score)
    metrics: list[Metric] = []
    for (id, title), alike in groups.items():
        about = alike[0].definition
        panels: dict[Subject, list[Score]] = {}
        for score in alike:
            panels.setdefault(subject(score), []).append(score)
        firsts = [these[0] for these in panels.values()]
        shown = tuple(_panel(title, place(t[0], firsts), t, members, most_rows) for t in panels.values())
        way, anchor = direction(about.better), f"{axis}-{len(metrics)}"
        metrics.append(Metric(anchor, id, title, about.unit, way, about.summary, about.reading, about.context, shown))
    return metrics


def _panel(
    title: str,
    place: tuple[tuple[str, str], ...],
    scores: Sequence[Score],
    members: Mapping[str, Member],
    most_rows: int,
) -> Panel:
    order = {name: i for i, name in enumerate(members)}
    ordered = sorted(scores, key=lambda s: order[s.model])
    shown, about = ordered[:most_rows], ordered[0]
    methods = tuple(dict.fromkeys(_method(s) for s in ordered))
    return Panel(
        place,
        forest(title, [mark_of(s) for s in shown], about.definition.unit, about.definition.better),
        tuple(_line(s, members) for s in shown),
        len(ordered) - len(shown),
        methods,
        ranking(ordered, members),
        any(s.state != "info" for s in ordered),
    )


def _line(score: Score, members: Mapping[str, Member]) -> Line:
    facts = tuple((key, fact(value)) for key, value in score.estimate.detail.facts.items())
    n = f"{score.estimate.n:,}"
    return Line(members[score.model], score.state, figures(score.estimate), n, in_words(score), facts)


def _method(score: Score) -> str:
    interval = score.estimate.interval
    if interval is None:
        return "No interval: its sampling error is not known."
    return f"Interval: {100 * interval.level:g} %, {interval.method or 'method not stated'}."
