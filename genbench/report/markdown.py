"""Markdown in which text from users, models and files is shown and never obeyed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genbench.core.inert import inert

LONGEST = 600  # characters of one cell; an error message may hold a whole file

# What could begin markup, HTML, a link or a table's next cell is written as a character reference, which Markdown
# shows and never takes for structure. An underscore within a word is no markup, so metric names stay readable.
_MARKUP = re.compile(r"[\\`*\[\]<>&|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.", re.IGNORECASE)
# GitHub finds mentions, issue numbers and mathematics in text after it was rendered, but not in code.
_FOUND_LATER = re.compile(r"[@#$]+")


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text on one line, without control or format characters, cut where it is longer than `longest`."""
    line = inert(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[:longest]}... ({len(line) - longest:,} more characters)"


def escaped(text: str) -> str:
    """The text as Markdown (CommonMark and GitHub's) that shows just this text, on one line."""
    safe = _MARKUP.sub(lambda found: f"&#{ord(found.group())};", one_line(text))
    return re.sub(r"&#\d+;|[@#$]+", lambda found: _in_code(found.group()), safe)


def row(cells: Sequence[object]) -> str:
    """One line of a table."""
    return "| " + " | ".join(escaped(str(cell)) for cell in cells) + " |\n"


def head(columns: Sequence[str]) -> str:
    """The two lines that begin a table."""
    return row(columns) + "|" + " --- |" * len(columns) + "\n"


def _in_code(found: str) -> str:
    return f"`{found}`" if _FOUND_LATER.fullmatch(found) else found
