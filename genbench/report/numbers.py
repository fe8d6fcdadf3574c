"""Numbers for people: three significant digits, and an interval with as many decimals as its value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genbench.core.meter import JOULES_PER_KWH
from genbench.core.score import Estimate

SIGNIFICANT = 3
LARGEST, SMALLEST = 1e7, 1e-4  # beyond these, powers of ten read better
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Figures:
    """One estimate in words: `interval` is "[low, high]" or empty, `floor` is empty where there is none."""

    value: str
    interval: str
    floor: str


def number(value: float) -> str:
    """One number by itself: 0.0133, 12.4, 1,230, 4.56 × 10⁻⁷."""
    return _written(value, _decimals(abs(value)))


def figures(estimate: Estimate) -> Figures:
    """Value and interval with the same number of decimals; the floor with its own where it needs more."""
    interval = estimate.interval
    half = (interval.high - interval.low) / 2 if interval else 0.0
    decimals = _decimals(max(abs(estimate.value), half))
    if decimals is not None and half > 0:
        # An interval narrower than the last digit would read as none: show its first digit too.
        decimals = max(decimals, min(decimals + 3, -_magnitude(half)))
    return Figures(
        _written(estimate.value, decimals),
        f"[{_written(interval.low, decimals)}, {_written(interval.high, decimals)}]" if interval else "",
        _floor(estimate.floor, decimals) if estimate.floor is not None else "",
    )


def quantity(value: float, unit: str) -> str:
    """A number with its unit as a sentence would say it: "21 % of outputs", "12.3 nats/token"."""
    part = unit.removeprefix("share of ")
    if part != unit or unit == "share":
        return f"{number(100 * value)} %" + (f" of {part}" if part != unit else "")
    return f"{number(value)} {unit}".strip()


def duration(seconds: float) -> str:
    """Milliseconds below a second, seconds up to two minutes, then minutes, then hours."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms" if seconds >= 0.001 else "under 1 ms"
    if seconds < 120:
        return f"{number(seconds)} s"
    return f"{number(seconds / 60)} min" if seconds < 7200 else f"{number(seconds / 3600)} h"


def energy(joules: float) -> str:
    """Joules, kilojoules from a thousand of them, kilowatt hours from one of these."""
    for factor, unit in ((JOULES_PER_KWH, "kWh"), (1e3, "kJ")):
        if joules >= factor:
            return f"{number(joules / factor)} {unit}"
    return f"{number(joules)} J"


def count(n: int, noun: str, plural: str = "") -> str:
    """ "1 alarm", "2 alarms"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _floor(value: float, decimals: int | None) -> str:
    own = _decimals(abs(value))
    return _written(value, own if decimals is None or own is None or value == 0 else max(decimals, own))


def _magnitude(value: float) -> int:
    return math.floor(math.log10(value))


def _decimals(size: float) -> int | None:
    """Decimals that give three significant digits, negative for thousands; None where powers of ten are wanted."""
    size = float(f"{size:.{SIGNIFICANT - 1}e}")  # 0.00999999 is 0.0100
    if size == 0:
        return 0
    if not SMALLEST <= size < LARGEST:
        return None
    return SIGNIFICANT - 1 - _magnitude(size)


def _written(value: float, decimals: int | None) -> str:
    if decimals is None:
        return _scientific(value)
    text = f"{round(value, decimals):,.{max(0, decimals)}f}"
    if not any(c in "123456789" for c in text):
        text = "0"
    return text.replace("-", "−")


def _scientific(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{SIGNIFICANT - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}".replace("-", "−", 1)
