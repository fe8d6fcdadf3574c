"""Tables and JSON on standard output: aligned and coloured for a person, plain where piped."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from genbench.core.inert import inert

PIPED_WIDTH = 200


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> None:
    """One table; every cell is made inert, so that no model's text reaches the terminal as a command."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(inert(str(cell))) for cell in row))
    piped = not sys.stdout.isatty()
    Console(width=PIPED_WIDTH if piped else None, highlight=False).print(table)


def print_json(value: Any) -> None:
    """Indented JSON; never NaN."""
    print(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False, default=str))
