"""The coverage table as a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from genbench.selftest.coverage import NOMINAL, Covered

HEAD = """# How often the intervals hold the truth

Made by `genbench selftest --full --coverage-table docs/coverage.md`; do not edit by hand.

Each line draws data whose true value is known, asks for the 95 % interval, and counts how often it holds that value. A
line holds where the count is not clearly below 95 %, all lines judged together (Bonferroni): an interval that is too
wide asks for more data than it needs, one that is too narrow misleads. Intervals rest on large-sample theory: of the
mean of few and skewed values (60 exponential ones, say) the bias-corrected bootstrap covers some 92 %.

| interval | data | truth | covered | 95 % interval of the share | held |
|---|---|---:|---:|---:|---|
"""


def coverage_markdown(table: Sequence[Covered]) -> str:
    """One line per method and data."""
    return HEAD + "".join(
        f"| {c.method} | {c.data} | {c.truth:.4g} | {c.covered:,} of {c.runs:,} | {c.interval.low:.1%} to "
        f"{c.interval.high:.1%} | {_verdict(c)} |\n"
        for c in table
    )


def _verdict(covered: Covered) -> str:
    if not covered.held:
        return "**too narrow**"
    if covered.interval.high < NOMINAL:
        return "with the others; narrow by itself"
    return "yes, wide" if covered.interval.low > NOMINAL else "yes"
