"""Models by two numbers at once: a cross for the two intervals, a point in it, a name where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from markupsafe import Markup

from genbench.core.score import Estimate
from genbench.report.forest import point
from genbench.report.numbers import figures
from genbench.report.svg import Scale, line, picture, shortened, tag, text

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 360.0, 270.0, 46.0, 350.0, 28.0, 224.0
FAR = 4.0  # a ratio of values from which an axis is logarithmic
LETTER, LINE = 6.4, 9.0  # how much room a letter and a line of names take
LONGEST = 18
PIECES = 10  # points by which names keep clear of a stretch of a slanting line
BESIDE = tuple(
    (dx, dy, anchor)
    for dy in (4, -8, 17, -20, 29, -32, 41)  # the nearest first, as the first of equals is taken
    for dx, anchor in ((9, "start"), (-9, "end"), (0, "middle"))
    if dy != 4 or dx
)

Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Cross:
    """One model: across its joules, upright its quality. sign: `clear`, `info` or `unsure`.

    kin: marks with the same are of one fit, and a line joins them; "" for a mark that stands alone.
    """

    name: str
    across: Estimate
    upright: Estimate
    sign: str
    kin: str = ""


def crosses(title: str, marks: Sequence[Cross], upright_words: str) -> Markup:
    """The picture; a stair joins the marks that are `clear`, a line those of one kin, in the order of their joules."""
    across, upright = _scale([m.across for m in marks], LEFT, RIGHT), _scale([m.upright for m in marks], FOOT, TOP)
    high, wide = upright.ticks(), across.ticks()
    parts = [line(LEFT, upright.at(t), RIGHT, upright.at(t), "grid") for t in high]
    parts += [line(across.at(t), TOP, across.at(t), FOOT, "grid") for t in wide]
    parts += [text(LEFT - 6, upright.at(t) + 4, upright.named(t), "tick", "end") for t in high]
    parts += [text(across.at(t), FOOT + 16, across.named(t), "tick", "middle") for t in wide]
    parts.append(text(0, 12, shortened(f"{upright_words}{', log scale' if upright.log else ''}", 58), "tick"))
    foot = f"joules per 1,000 outputs{', log scale' if across.log else ''} · ← less is better"
    parts.append(text(RIGHT, FOOT + 36, foot, "tick", "end"))
    places = [(across.at(m.across.value), upright.at(m.upright.value)) for m in marks]
    stair = _stair(sorted(at for at, mark in zip(places, marks, strict=True) if mark.sign == "clear"))
    ways = _ways(marks, places)
    parts += [_way(points, "kin") for points in ways]
    if len(stair) > 1:
        parts.append(_way(stair, "stair"))
    bars = [_bars(mark, across, upright) for mark in marks]
    for mark, (flat, tall), (x, y) in zip(marks, bars, places, strict=True):
        parts += [line(*flat, f"bar thin {mark.sign}"), line(*tall, f"bar thin {mark.sign}"), point(x, y, mark.sign)]
    steps = [(min(a, c), min(b, d), max(a, c), max(b, d)) for (a, b), (c, d) in pairwise(stair)]
    parts += _names(marks, places, [*steps, *_pieces(ways), *(bar for both in bars for bar in both)])
    told = "; ".join(f"{m.name}: {_words(m.upright)} for {_words(m.across)} joules" for m in marks)
    return picture(f"{title}. {told}", WIDTH, HEIGHT, parts, "front")


def _scale(estimates: Sequence[Estimate], left: float, right: float) -> Scale:
    """Holds all intervals; logarithmic where values lie far apart and none is zero or below."""
    values = [e.value for e in estimates]
    ends = [end for e in estimates if e.interval for end in (e.interval.low, e.interval.high)]
    if min(values) > 0 and max(values) > FAR * min(values):
        return Scale.over([v for v in (*values, *ends) if v >= min(values) / 4], left, right, log=True)
    return Scale.over([*values, *ends], left, right)


def _bars(mark: Cross, across: Scale, upright: Scale) -> tuple[Box, Box]:
    x, y = across.at(mark.across.value), upright.at(mark.upright.value)
    wide, high = mark.across.interval, mark.upright.interval
    flat = (across.at(wide.low), y, across.at(wide.high), y) if wide else (x, y, x, y)
    tall = (x, upright.at(high.high), x, upright.at(high.low)) if high else (x, y, x, y)
    return flat, tall


def _stair(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """What one pays and gets: along at one quality until the joules of the next suffice."""
    steps = [*points[:1]]
    for x, y in points[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def _ways(marks: Sequence[Cross], places: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Where the marks of each kin stand, of which there are two at least, in the order of their joules."""
    kin: dict[str, list[tuple[float, float]]] = {}
    for mark, place in zip(marks, places, strict=True):
        kin.setdefault(mark.kin, []).append(place)
    return [sorted(points) for name, points in kin.items() if name and len(points) > 1]


def _way(points: Sequence[tuple[float, float]], look: str) -> Markup:
    return tag("polyline", {"class": look, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points)})


def _pieces(ways: Sequence[Sequence[tuple[float, float]]]) -> list[Box]:
    """Points of the stretches: the one box around a slanting line would keep names from where it is not."""
    stretches = [stretch for way in ways for stretch in pairwise(way)]
    shares = [i / PIECES for i in range(PIECES + 1)]
    points = [(a + (c - a) * t, b + (d - b) * t) for (a, b), (c, d) in stretches for t in shares]
    return [(x, y, x, y) for x, y in points]


def _names(marks: Sequence[Cross], places: Sequence[tuple[float, float]], strokes: Sequence[Box]) -> list[Markup]:
    """Each name where it hides least: points and other names weigh more than lines, and what is near is preferred."""
    taken = [(x - 4.5, y - 4.5, x + 4.5, y + 4.5) for x, y in places]
    parts = []
    for mark, (x, y) in zip(marks, places, strict=True):
        name = shortened(mark.name, LONGEST)

        def hidden(beside: tuple[int, int, str], x: float = x, y: float = y, name: str = name) -> float:
            box = _room(x + beside[0], y + beside[1], name, beside[2])
            outside = box[0] < LEFT or box[2] > WIDTH or box[1] < TOP - LINE or box[3] > FOOT + 2
            crossed = sum(_meet(box, stroke) for stroke in strokes)
            far = (abs(beside[0]) + abs(beside[1] - 4)) / 10
            return 50 * outside + 10 * sum(_meet(box, t) for t in taken) + 1.5 * crossed + far

        dx, dy, anchor = min(BESIDE, key=hidden)
        taken.append(_room(x + dx, y + dy, name, anchor))
        parts.append(text(x + dx, y + dy, name, "label", anchor))
    return parts


def _room(x: float, y: float, name: str, anchor: str) -> Box:
    width = LETTER * len(name)
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
    return left, y - LINE, left + width, y


def _meet(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _words(estimate: Estimate) -> str:
    told = figures(estimate)
    return f"{told.value} {told.interval}".strip()
