"""How a run that stopped early came to its decisions: one look after another, and a picture of each path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from genbench.core.errors import ResultsError
from genbench.core.score import Score
from genbench.report.forest import allowed, point
from genbench.report.numbers import number
from genbench.report.svg import Scale, line, picture, shortened, tag, text
from genbench.results.run import Run
from genbench.run.ruling import WORST_FIRST, Result

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 360.0, 190.0, 56.0, 348.0, 10.0, 150.0
FAR = 2.0  # how many reaches of all intervals away a limit may lie and still be drawn to scale
SIGNS: dict[Result, str] = {"pass": "clear", "fail": "alarm", "cannot tell": "unsure"}


@dataclass(frozen=True)
class Look:
    """A score as it stood at n outputs, between ends that hold at all looks at once; value None: there was none.

    of: names the code, weights, data and lens that were looked at.
    """

    n: int
    value: float | None
    low: float | None
    high: float | None
    decision: Result
    because: str
    of: str = ""

    @property
    def words(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return f"n = {self.n:,}: {self.because}"
        return f"n = {self.n:,}: {number(self.value)} within [{number(self.low)}, {number(self.high)}]"


@dataclass(frozen=True)
class Path:
    """The looks at one gate on one model, in their order. gate: its index in the suite; budget: the n it might take."""

    gate: int
    metric: str
    model: str
    lens: str
    budget: int
    looks: tuple[Look, ...]

    @property
    def decision(self) -> Result:
        return self.looks[-1].decision

    @property
    def words(self) -> str:
        last = self.looks[-1]
        told = last.words if last.n == self.budget else last.words.replace(":", f" of at most {self.budget:,}:", 1)
        if self.decision == "cannot tell":
            return f"not decided by {told}"
        return f"decided at {told}, which holds at every look"


def paths(run: Run) -> tuple[Path, ...]:
    """The paths on record, by gate; none where the run drew a fixed n."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for event in run.events("look"):
        found.setdefault(str(event.get("place")), []).append(event)
    try:
        return tuple(sorted((_path(events) for events in found.values()), key=lambda path: path.gate))
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"a look kept in {run.path / 'events.jsonl'} cannot be read: {error!r}") from error


def _path(events: Sequence[Mapping[str, Any]]) -> Path:
    events = sorted(events, key=lambda event: int(event["look"]))
    first = events[0]
    looks = tuple(
        Look(
            int(e["n"]), e["value"], e["low"], e["high"], WORST_FIRST[WORST_FIRST.index(e["decision"])],
            str(e["because"]), str(e.get("of", "")),
        )
        for e in events
    )  # fmt: skip
    return Path(
        int(first["gate"]), str(first["metric"]), str(first["model"]), str(first["lens"]), int(first["planned_n"]),
        looks,
    )  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """A path on the page: the gate in words, whose it is, its picture (None where no look had a score)."""

    gate: str
    model: str
    result: Result
    sign: str
    words: str
    chart: Markup | None


def stretches(run: Run) -> tuple[Stretch, ...]:
    """All paths of a run with their pictures."""
    gates = run.header.suite.get("gates") or []
    drawn = []
    for path in paths(run):
        gate = gates[path.gate] if path.gate < len(gates) else {}
        score = next((s for s in run.measured if (s.id, s.model, s.lens) == (path.metric, path.model, path.lens)), None)
        limits = _limits(gate, score)
        words = ", ".join([f"{side} {number(limit)}" for side, limit in limits]) or "no limit"
        title = f"{path.metric} {'without alarm' if gate.get('no_alarm') else words}"
        unit = score.definition.unit if score else ""
        drawn.append(
            Stretch(
                title, path.model, path.decision, SIGNS[path.decision], path.words, chart(path, title, limits, unit)
            )
        )
    return tuple(drawn)


def _limits(gate: Mapping[str, Any], score: Score | None) -> list[tuple[str, float]]:
    """(below | above, limit): the gate's own, and where it forbids alarms, where these begin at the last n."""
    own = [(side, float(gate[side])) for side in ("below", "above") if gate.get(side) is not None]
    ground = allowed(score) if gate.get("no_alarm") and score else None
    ends = zip(("above", "below"), ground or (), strict=False)
    return [*own, *((side, end) for side, end in ends if end is not None)]


def chart(path: Path, title: str, limits: Sequence[tuple[str, float]], unit: str) -> Markup | None:
    """n across on a logarithmic axis up to the budget, the score upright: a band that narrows towards its decision."""
    seen = [(look, look.low, look.high, look.value) for look in path.looks]
    solid = [(k, low, high, v) for k, low, high, v in seen if low is not None and high is not None and v is not None]
    if not solid:
        return None
    across = Scale.over([float(path.looks[0].n), float(path.budget)], LEFT, RIGHT, log=True)
    ends = [end for _, low, high, _ in solid for end in (low, high)]
    reach = max(ends) - min(ends)
    near = [v for _, v in limits if min(ends) - FAR * reach <= v <= max(ends) + FAR * reach]
    upright = Scale.over([*ends, *near], FOOT, TOP)
    parts = [line(LEFT, upright.at(t), RIGHT, upright.at(t), "grid") for t in upright.ticks()]
    parts += [text(LEFT - 6, upright.at(t) + 4, upright.named(t), "tick", "end") for t in upright.ticks()]
    band = [(across.at(k.n), upright.at(high)) for k, _, high, _ in solid]
    band += [(across.at(k.n), upright.at(low)) for k, low, _, _ in reversed(solid)]
    parts.append(tag("polygon", {"class": "band", "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in band)}))
    for side, limit in limits:
        y, off = upright.at(limit), limit not in near
        parts.append(line(LEFT, y, RIGHT, y, "limit off" if off else "limit"))
        parts.append(text(RIGHT, y + 14 if y < TOP + 14 else y - 5, f"{side} {number(limit)}", "tick", "end"))
    for look, low, high, value in solid:
        x, sign = across.at(look.n), SIGNS[look.decision]
        parts += [line(x, upright.at(low), x, upright.at(high), f"bar {sign}"), point(x, upright.at(value), sign)]
    for n in dict.fromkeys([*(look.n for look in path.looks), path.budget]):
        parts.append(text(across.at(n), FOOT + 16, f"{n:,}", "tick", "middle"))
    parts.append(
        text(RIGHT, FOOT + 32, shortened(f"outputs drawn, of at most {path.budget:,} · {unit}", 58), "tick", "end")
    )
    told = "; ".join(f"{look.words}, {look.decision}" for look in path.looks)
    return picture(f"{path.model}, {title}: {told}", WIDTH, HEIGHT, parts, "path")
