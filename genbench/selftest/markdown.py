"""The coverage table as a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from genbench.selftest.coverage import NOMINAL, Covered

HEAD = """# How often the intervals hold the truth

Made by `genbench selftest --full --coverage-only --coverage-table docs/coverage.md`; do not edit by hand.

Each line draws data whose true value is known, asks for the 95 % interval as a run would, and counts how often it holds
that value. Of an exact interval 1,000 draws show 95 % give or take 1.4 points. Below that an interval is too narrow,
and misleads: the line says so, and why. Above it an interval is wide: it asks for more data than it needs. A line is
called too narrow where its count is below 95 % at a level of 99.8 %, as among so many lines one in forty would look
narrow by luck; a line that is narrow only by itself is called that.

A sequence or a look is asked at every size of a growing sample, and counts only where all of its intervals hold.

| interval | data | truth | covered | 95 % interval of the share | verdict |
|---|---|---:|---:|---:|---|
"""


def coverage_markdown(table: Sequence[Covered]) -> str:
    """One line per method and data; then which metrics rest on which method, and why a method misses where one does."""
    lines = [
        f"| {c.method} | {c.data} | {c.truth:.4g} | {c.covered:,} of {c.runs:,}{_lost(c)} | {c.interval.low:.1%} to "
        f"{c.interval.high:.1%} | {_verdict(c)} |\n"
        for c in table
    ]
    misses = [f"* {c.method}, {c.data}: {c.miss}; expected in at least {c.least:.0%}.\n" for c in table if c.miss]
    why = ["\n## Why some miss\n\n", *misses] if misses else []
    return "".join([HEAD, *lines, *why, "\n## Whose intervals these are\n\n", *_owners(table)])


def _owners(table: Sequence[Covered]) -> list[str]:
    methods: dict[str, dict[str, None]] = {}
    for c in table:
        for metric in c.metrics:
            methods.setdefault(metric, {})[c.method] = None
    return [f"* `{metric}`: {'; '.join(methods[metric])}\n" for metric in sorted(methods)]


def _lost(covered: Covered) -> str:
    return f" ({covered.lost:,} without one)" if covered.lost else ""


def _verdict(covered: Covered) -> str:
    if covered.narrow:
        return "**too narrow**, see below" if covered.held else "**too narrow**"
    if covered.interval.high < NOMINAL:
        return "holds with the others; narrow by itself"
    return "holds, wide" if covered.interval.low > NOMINAL else "holds"
