"""How a run speaks: bars on a terminal, plain lines where a machine listens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from genbench.core.inert import inert

Tell = Callable[[int, int, str], None]  # done, total, a note such as "loss 1.93"


class Voice:
    """Says what happens on stderr; stdout is left to results. `quiet` says only warnings."""

    def __init__(self, *, stream: TextIO | None = None, quiet: bool = False) -> None:
        self.stream = stream or sys.stderr
        self.quiet = quiet
        self.warnings: list[str] = []
        self._above: Callable[[str], None] | None = None  # prints above the bar that is being drawn

    def say(self, message: str) -> None:
        """One line of what is going on."""
        if not self.quiet:
            self._print(inert(message))

    def warn(self, message: str) -> None:
        """One line that a person should read; kept for the report. The same line is said once."""
        if message in self.warnings:
            return
        self.warnings.append(message)
        self._print(inert(f"note: {message}"))

    def _print(self, line: str) -> None:
        if self._above is not None:
            self._above(line)
        else:
            print(line, file=self.stream, flush=True)

    @contextmanager
    def bar(self, label: str) -> Iterator[Tell]:
        """A progress bar on a terminal; elsewhere nothing, as the line said after it tells what was done.

        One at a time: a bar within a bar is silent.
        """
        if self.quiet or self._above is not None or not self.stream.isatty():
            yield lambda done, total, note: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.text import Text

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f} {task.fields[note]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(file=self.stream), transient=True) as progress:
            task = progress.add_task(inert(label), total=1, note="")
            self._above = lambda line: progress.console.print(Text(line), soft_wrap=True)
            try:
                yield lambda done, total, note: progress.update(task, completed=done, total=total, note=inert(note))
            finally:
                self._above = None
