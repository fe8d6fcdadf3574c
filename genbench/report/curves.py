"""Training curves: losses over steps, each line named where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from genbench.report.numbers import number
from genbench.report.svg import Scale, line, picture, shortened, tag, text
from genbench.results.run import Run

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 360.0, 190.0, 40.0, 266.0, 10.0, 156.0
POINTS = 160  # of a line; more cannot be told apart at this size
LINES = 4  # told apart by how they are dashed
FAR = 30.0


def fits(run: Run) -> list[dict[str, Any]]:
    """The last fit recorded of each model: a resumed run records it again."""
    return list({str(event["model"]): event for event in run.events("fit")}.values())


def curve(model: str, ticks: Sequence[Mapping[str, Any]]) -> Markup | None:
    """The losses of one fit, ticks as events record them: {step, steps, losses}. None where there is no line."""
    series = _series(ticks)
    if not series:
        return None
    values = [y for points in series.values() for _, y in points]
    steps = [x for points in series.values() for x, _ in points]
    across = Scale.over([0.0, max(steps)], LEFT, RIGHT)
    upright = Scale.over(values, FOOT, TOP, log=min(values) > 0 and max(values) > FAR * min(values))
    parts = [line(LEFT, upright.at(t), RIGHT, upright.at(t), "grid") for t in upright.ticks()]
    parts += [text(LEFT - 6, upright.at(t) + 4, upright.named(t), "tick", "end") for t in upright.ticks()]
    parts += [text(across.at(t), FOOT + 16, f"{t:,.0f}", "tick", "middle") for t in across.ticks(3)]
    parts.append(text(RIGHT, FOOT + 32, f"step{', losses on a log scale' if upright.log else ''}", "tick", "end"))
    lowest = -1e9
    ends = sorted(((upright.at(points[-1][1]), i, name) for i, (name, points) in enumerate(series.items())))
    for y, i, name in ends:
        lowest = max(y + 4, lowest + 14)  # names of lines that end together stand below one another
        parts.append(
            tag("polyline", {"class": f"curve c{i}", "points": _path(list(series.values())[i], across, upright)})
        )
        parts.append(text(RIGHT + 6, lowest, shortened(name.replace("_", " "), 15), f"label t{i}"))
    told = "; ".join(f"{n} from {number(p[0][1])} to {number(p[-1][1])}" for n, p in series.items())
    return picture(f"Training of {model}: {told}", WIDTH, HEIGHT, parts, "curves")


def _series(ticks: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """(step, loss) by name, thinned; names that have fewer than two points are no line."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for tick in ticks:
        for name, loss in dict(tick.get("losses", {})).items():
            if isinstance(loss, int | float):
                lines.setdefault(str(name), []).append((float(tick["step"]), float(loss)))
    long = {name: points for name, points in lines.items() if len(points) > 1}
    return {name: _thinned(points) for name, points in list(long.items())[:LINES]}


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    step = max(1, -(-len(points) // POINTS))
    return [*points[::step], *([points[-1]] if (len(points) - 1) % step else [])]


def _path(points: Sequence[tuple[float, float]], across: Scale, upright: Scale) -> str:
    return " ".join(f"{across.at(x):.1f},{upright.at(y):.1f}" for x, y in points)
