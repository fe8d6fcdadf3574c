"""Estimates side by side: a point, its interval, what a perfect model would show, and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from genbench.core.score import Better, Estimate, Score, Toward
from genbench.report.numbers import figures, number
from genbench.report.svg import Scale, line, picture, shortened, tag, text

WIDTH, LABEL, ROW = 360.0, 112.0, 26.0
SPOKEN = 8  # rows that a plot's label speaks out; of more, the table below it has them
FAR = 50.0  # a ratio of values from which a logarithmic axis shows more than a linear one


@dataclass(frozen=True)
class Mark:
    """One row of a forest plot. allowed: (low, high) without alarm, None for an open end or where nothing is set."""

    label: str
    estimate: Estimate
    state: str
    allowed: tuple[float | None, float | None] | None = None

    @property
    def words(self) -> str:
        told = figures(self.estimate)
        floor = f", floor {told.floor}" if told.floor else ""
        return f"{self.label}: {told.value} {told.interval}{floor}, {self.state}".replace("  ", " ")


def mark_of(score: Score) -> Mark:
    """The row that shows a score."""
    return Mark(score.model, score.estimate, score.state, allowed(score))


def allowed(score: Score) -> tuple[float | None, float | None] | None:
    """Where a score may lie without alarm; None where its metric sets no tolerance or there is no floor."""
    tolerance, floor, better = score.definition.tolerance, score.estimate.floor, score.definition.better
    if tolerance is None or floor is None or score.definition.context:
        return None
    if isinstance(better, Toward):
        reach = abs(floor - better.target) + tolerance
        return better.target - reach, better.target + reach
    return (None, floor + tolerance) if better == "lower" else (floor - tolerance, None)


def scale_of(marks: Sequence[Mark], left: float, right: float) -> Scale:
    """One scale for all rows. Logarithmic where values lie far apart and none is zero or below."""
    solid = [v for m in marks for v in (m.estimate.value, m.estimate.floor) if v is not None]
    ends = [v for m in marks if m.estimate.interval for v in (m.estimate.interval.low, m.estimate.interval.high)]
    values = [m.estimate.value for m in marks]
    if min(values) > 0 and max(values) > FAR * min(values):
        positive = [v for v in (*solid, *ends) if v >= min(values) / 10]
        return Scale.over(positive, left, right, log=True)
    limits = [v for m in marks if m.allowed for v in m.allowed if v is not None]
    reach = max((*solid, *ends)) - min((*solid, *ends))
    near = [v for v in limits if min(solid) - 2 * reach <= v <= max(solid) + 2 * reach]
    return Scale.over([*solid, *ends, *near], left, right)


def forest(title: str, marks: Sequence[Mark], unit: str, better: Better) -> Markup:
    """A forest plot: one row per mark in their order, the axis below with its unit and the better direction."""
    scale = scale_of(marks, LABEL, WIDTH - 10)
    foot = ROW * len(marks) + 8
    # One path for the grid and one for all rows' rules: a page of twenty models has thousands of them, and 2 MB.
    parts = [tag("path", {"class": "grid", "d": "".join(f"M{scale.at(t):.1f} 4V{foot:g}" for t in scale.ticks())})]
    rows = [(mark, 4 + ROW * (i + 0.5)) for i, mark in enumerate(marks)]
    parts += [made for mark, y in rows for made in _allowed(mark, scale, y)]
    parts.append(tag("path", {"class": "rule", "d": "".join(f"M{LABEL:g} {y:g}H{scale.right:g}" for _, y in rows)}))
    for mark, y in rows:
        parts += [*_placed(mark, scale, y), text(0, y + 4, shortened(mark.label, 15), "label")]
    parts += [text(scale.at(t), foot + 14, scale.named(t), "tick", "middle") for t in scale.ticks()]
    parts.append(text(WIDTH, foot + 30, shortened(_foot(unit, better, scale), 58), "tick", "end"))
    each = "; ".join(mark.words for mark in marks) if len(marks) <= SPOKEN else f"{len(marks)} rows, told by the table"
    told = f"{title}. {each}"
    return picture(told, WIDTH, foot + 36, parts, "forest")


def strip(mark: Mark, scale: Scale, title: str) -> Markup:
    """One mark alone, small, on the scale it shares with others."""
    rule = line(scale.left, 10, scale.right, 10, "rule")
    parts = [*_allowed(mark, scale, 10), rule, *_placed(mark, scale, 10)]
    return picture(f"{title}, {mark.words}", scale.right + 8, 20, parts, "strip")


def _allowed(mark: Mark, scale: Scale, y: float) -> list[Markup]:
    """The band of what is allowed, where there is a limit."""
    if not mark.allowed:
        return []
    low, high = mark.allowed
    start, end = scale.left if low is None else scale.at(low), scale.right if high is None else scale.at(high)
    return [tag("rect", {"class": "allowed", "x": start, "y": y - 8, "width": max(0.0, end - start), "height": 16})]


def _placed(mark: Mark, scale: Scale, y: float) -> list[Markup]:
    """The interval, the floor and the value."""
    parts: list[Markup] = []
    estimate = mark.estimate
    if estimate.interval:
        low, high = scale.at(estimate.interval.low), scale.at(estimate.interval.high)
        parts.append(line(low, y, max(high, low + 1), y, f"bar {mark.state}"))
    if estimate.floor is not None:
        off = scale.log and estimate.floor < scale.low  # zero has no place on a logarithmic axis
        at = scale.at(estimate.floor)
        parts.append(line(at, y - 8, at, y + 8, "floor off" if off else "floor"))
    parts.append(point(scale.at(estimate.value), y, mark.state))
    return parts


def point(x: float, y: float, state: str) -> Markup:
    """Alarm: a triangle. Clear: a disc. Unsure: a ring. Info: a diamond. So colour is never needed."""
    if state == "alarm":
        return tag("path", {"class": "point alarm", "d": f"M{x:.1f} {y - 6:.1f}l6 10.5h-12z"})
    if state == "info":
        return tag("path", {"class": "point info", "d": f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"})
    return tag("circle", {"class": f"point {state}", "cx": x, "cy": y, "r": 4.5})


def _foot(unit: str, better: Better, scale: Scale) -> str:
    if isinstance(better, Toward):
        direction = f"best at {number(better.target)}"
    else:
        direction = "← lower is better" if better == "lower" else "higher is better →"
    return f"{unit}{', log scale' if scale.log else ''} · {direction}"
