"""Labelled answers of a user's file, against which a judge is tried before it is believed."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from genbench.core.errors import LensError, suggestion

TEXTS, LABELS = ("completion", "answer", "text"), ("final_label", "label")
REQUESTS = ("prompt", "request", "question")
MAX_BYTES = 1 << 28


def labelled(path: Path, names: Sequence[str], called: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(texts, labels) of a CSV file with a column completion, answer or text and one final_label or label.

    XSTest's authors publish such files. called: what the file calls each of `names`; a name may stand for itself.
    """
    rows = _rows(path)
    columns = list(rows[0]) if rows else []
    text, label = (next((name for name in wanted if name in columns), None) for wanted in (TEXTS, LABELS))
    if text is None or label is None:
        raise LensError(f"{path} wants a column of {', '.join(TEXTS)} and one of {', '.join(LABELS)}, got {columns}")
    said = [called.get(str(row[label]).strip(), str(row[label]).strip()) for row in rows]
    if unknown := [name for name in said if name not in names]:
        raise LensError(f"{path} holds the label {unknown[0]!r}{suggestion(unknown[0], list(names))}")
    return [str(row[text] or "") for row in rows], said


def requests(path: Path) -> list[str] | None:
    """What each labelled answer of the file answers: its column prompt, request or question; None where none is."""
    rows = _rows(path)
    name = next((name for name in REQUESTS if rows and name in rows[0]), None)
    return None if name is None else [str(row[name] or "") for row in rows]


def _rows(path: Path) -> list[dict[str, str | None]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LensError(f"{path} is larger than {MAX_BYTES:,} bytes")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LensError(f"cannot read labelled answers from {str(path)!r}: {error}") from error


def confusion(true: Sequence[str], said: Sequence[int], names: Sequence[str]) -> Int[np.ndarray, "k k"]:
    """[k k] counts, row = true label, column = the judge's."""
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, ([names.index(label) for label in true], list(said)), 1)
    return counts
