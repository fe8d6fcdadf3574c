"""Tables and JSON on standard output: fitted to the window for a person, one line a row where piped."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import Any

from genbench.core.inert import inert

PIPED_WIDTH = 200
LEAST = 24  # a column is wrapped to no less than this
GAP = 2


def window() -> int:
    """How many characters a line may hold: the terminal's width, or plenty where piped."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH


def shown(value: Any) -> str:
    """A value as one harmless line: no control character, no line break; four figures of a float; nothing for None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(inert(text).split())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> None:
    """One table. Cells are made inert, so that no model's text reaches the terminal as a command."""
    cells = [[shown(cell) for cell in row] for row in rows]
    head, *body = fitted([list(columns), *cells], window() if sys.stdout.isatty() else None)
    strong = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    print("\n".join([*([title] if title else []), f"\x1b[1m{head}\x1b[0m" if strong else head, *body]))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, columns two blanks apart, nothing behind the last word."""
    return [line for block in _blocks(rows, None, [()] * len(rows)) for line in block]


def fitted(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Rows (the first their heads) as lines of at most `width` where words allow; None is as wide as they come.

    Where the table is too wide its widest column is wrapped. Where that leaves it no room, the first column becomes
    a line of its own above the rows that share it, and the second after it; then other columns are wrapped too.
    Words are never broken.
    """
    return [line.rstrip() for block in _blocks(rows, width, [()] * len(rows)) for line in block]


def _blocks(rows: Sequence[Sequence[str]], width: int | None, above: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """The lines of each row; above: what already stands over each as headings."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows)]
    if width is not None and (over := sum(widths) + GAP * (len(widths) - 1) - width) > 0:
        words = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in zip(*rows)]
        widest = widths.index(max(widths))
        if widths[widest] - over >= max(LEAST, words[widest]):
            widths[widest] -= over
        elif len(widths) > 1 and (len(above[0]) < 2 or sum(words) + GAP * (len(words) - 1) > width):
            return _lifted(rows, width, above)
        else:
            _narrow(widths, words, over)
    return [[_line(line, widths) for line in zip_longest(*map(_wrapped, row, widths), fillvalue="")] for row in rows]


def _narrow(widths: list[int], least: list[int], over: int) -> None:
    """Takes `over` off the widths, always from the widest that its words allow to be narrower."""
    for _ in range(over):
        able = [at for at, width in enumerate(widths) if width > least[at]]
        if not able:
            return
        widths[max(able, key=lambda at: widths[at])] -= 1


def _wrapped(cell: str, width: int) -> list[str]:
    return textwrap.wrap(cell, max(width, 1), break_long_words=False, break_on_hyphens=False) or [""]


def _lifted(rows: Sequence[Sequence[str]], width: int, above: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """The first column as headings above the rest, which is indented."""
    under = [(*over, row[0]) for over, row in zip(above, rows, strict=True)]
    rest = _blocks([row[1:] for row in rows], width - GAP, under)
    # The head of the column heads no group, and the first row begins one even where it says the same.
    begins = [at == 0 or a != b for at, (a, b) in enumerate(pairwise(under))]
    headings: list[list[str]] = [[], *([b[-1]] if new else [] for new, b in zip(begins, under[1:], strict=True))]
    return [[*heading, *(" " * GAP + line for line in block)] for heading, block in zip(headings, rest, strict=True)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import cell_len

    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths))
    return (" " * GAP).join(padded).rstrip()


def print_json(value: Any) -> None:
    """Indented JSON; never NaN."""
    print(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False, default=str))
