"""Scalable pictures from plain numbers: tags that escape all they are given, and a scale with round ticks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from genbench.core.inert import inert
from genbench.report.numbers import number


def tag(name: str, attributes: Mapping[str, object], *children: str) -> Markup:
    """<name key="value">children</name>, or <name/>. Whatever is not Markup is made inert and escaped."""
    pairs = "".join(f' {key}="{escape(_plain(value))}"' for key, value in attributes.items() if value is not None)
    inside = "".join(child if isinstance(child, Markup) else escape(inert(child)) for child in children)
    return Markup(f"<{name}{pairs}>{inside}</{name}>" if inside else f"<{name}{pairs}/>")


def picture(title: str, width: float, height: float, parts: Sequence[Markup], look: str) -> Markup:
    """An svg that scales to its place; its title is what a screen reader says. look: its CSS class."""
    box = {"class": look, "viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    return tag("svg", {**box, "role": "img", "aria-label": title}, *parts)


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    return tag("line", {"class": look, "x1": x1, "y1": y1, "x2": x2, "y2": y2})


def text(x: float, y: float, words: str, look: str = "", anchor: str = "start") -> Markup:
    """Words at their baseline; anchor: start, middle or end."""
    attributes = {"x": x, "y": y, "class": look or None, "text-anchor": anchor if anchor != "start" else None}
    return tag("text", attributes, words)


def shortened(words: str, longest: int) -> str:
    """At most so many characters, with an ellipsis where some are left out."""
    words = inert(words)
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return inert(str(value))


@dataclass(frozen=True)
class Scale:
    """Maps [low, high] to [left, right] in picture units, on a logarithmic axis if `log`."""

    low: float
    high: float
    left: float
    right: float
    log: bool = False

    @classmethod
    def over(cls, values: Sequence[float], left: float, right: float, *, log: bool = False) -> Scale:
        """A scale that holds all values with a little room at both ends."""
        low, high = min(values), max(values)
        if log:
            return cls(low / 1.25, high * 1.25, left, right, True)
        room = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
        return cls(low if low == 0 else low - room, high + room, left, right)

    def at(self, value: float) -> float:
        """Where a value stands, kept within the picture."""
        if self.log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def named(self, tick: float) -> str:
        """A tick as briefly as it can be said."""
        return f"{tick:,.10g}".replace("-", "−") if tick == 0 or 1e-4 <= abs(tick) < 1e7 else number(tick)

    def ticks(self, wanted: int = 4) -> list[float]:
        """Round values within the scale: 1, 2 or 5 times a power of ten, or such powers alone where these are many."""
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [m * 10.0**p for p in powers for m in (1, 2, 5) if self.low <= m * 10.0**p <= self.high]
            if len(found) > wanted + 1:
                tens = [10.0**p for p in powers if self.low <= 10.0**p <= self.high]
                return tens[:: math.ceil(len(tens) / wanted)]
            if len(found) > 1:
                return found
        power = 10.0 ** math.floor(math.log10((self.high - self.low) / wanted))
        for width in (f * power for f in (0.5, 1, 2, 5, 10)):
            first, last = math.ceil(self.low / width), math.floor(self.high / width)
            if last - first < wanted + 1:
                break
        return [i * width for i in range(first, last + 1)]
