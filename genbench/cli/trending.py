"""A trend as a few lines of text: a bar a run, a mark at each change, and what changed with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from genbench.cli.tables import shown, window
from genbench.results.trends import Trend

BARS, DIGITS = "▁▂▃▄▅▆▇█", "01234567"
MARK = "^"


def trend_lines(trend: Trend) -> list[str]:
    """Title, bars of the last runs that fit the window, marks below the first run after a change, a line per change."""
    values = [float(r["value"]) for r in trend.records]
    fits = max(1, window() - 2)
    marked = {m.after["at"] for m in trend.moved}
    marks = "".join(MARK if r["at"] in marked else " " for r in trend.records)
    first = len(values) - fits if len(values) > fits else 0
    lowest, highest = min(values), max(values)
    of = f" (the last {fits} of {len(values)} runs)" if first else ""
    lines = [f"{shown(trend.title)}: {lowest:.4g} to {highest:.4g}{of}", f"  {bars(values)[first:]}"]
    if trend.moved:
        lines.append(f"  {marks[first:].rstrip()}")
        lines += [f"  {shown(m.words)}" for m in trend.moved]
    else:
        lines.append("  no change that chance would not show")
    if trend.silent:
        lines.append(f"  {trend.silent} of {len(values)} runs have no interval, and count for nothing here")
    return [line for line in lines if line.strip()]


def bars(values: Sequence[float]) -> str:
    """One character a value, eight heights from lowest to highest; digits where the output cannot write bars."""
    try:
        BARS.encode(sys.stdout.encoding or "ascii")
        heights = BARS
    except (UnicodeEncodeError, LookupError):
        heights = DIGITS
    low, high = min(values), max(values)
    scale = (len(heights) - 1) / (high - low) if high > low else 0.0
    return "".join(heights[round((value - low) * scale)] for value in values)
