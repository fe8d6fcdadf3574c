"""Text from models, data and files, made harmless to a terminal or a page: shown, never obeyed."""

from __future__ import annotations

import unicodedata

KEPT = frozenset("\n\t")
# Cc: controls (ANSI escapes start with one). Cf: format characters (bidirectional overrides, zero-width).
# Cs / Co / Cn: surrogates, private use, unassigned. Zl / Zp: line breaks that only some programs see.
SHOWN_AS_CODE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def inert(text: str) -> str:
    """The text with every control or format character written as its code, such as `\\x1b` or `\\u202e`.

    New lines and tabs stay. Escaping for HTML or Markdown is left to who writes HTML or Markdown.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in KEPT or unicodedata.category(c) not in SHOWN_AS_CODE else _code(c) for c in text)


def _code(character: str) -> str:
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
