"""The documents of a task of lm-evaluation-harness: local JSON, with the column types that the package datasets gives.

That package reads a file as a table: a field that a row lacks is None there, a column with a fraction in it holds
fractions only, and a column of texts that all look like dates becomes dates. The first two are done here; the last,
which templates would print otherwise, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from genbench.core.errors import DataError
from genbench.data._lm_eval_yaml import Source
from genbench.data._records import parsed
from genbench.data._texts import decoded

Doc: TypeAlias = dict[str, Any]
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d(:?\d\d(:?\d\d(\.\d+)?)?)?(Z|[-+]\d\d(:?\d\d)?)?)?")


class Splits:
    """Documents by split. instead: files of the user's own that stand in for a split."""

    def __init__(self, source: Source, instead: Mapping[str, str | None]) -> None:
        self.source, self.instead = source, {name: path for name, path in instead.items() if path}
        self.known: dict[str, list[Doc]] = {}

    def docs(self, split: str) -> list[Doc]:
        if split not in self.known:
            files = [Path(self.instead[split]).expanduser()] if split in self.instead else self._files(split)
            self.known[split] = typed([row for file in files for row in _rows(file)], files[0])
        return self.known[split]

    def _files(self, split: str) -> list[Path]:
        """The local files that `dataset_kwargs.data_files` names for a split."""
        place, path = self.source.at(("dataset_path",)), self.source.values.get("dataset_path")
        if path != "json":
            raise DataError(
                f"{place}: dataset_path {path!r} is not read from here; fetch its split {split!r} as JSON Lines, and "
                "name the file by `docs` (`shots` for the few-shot examples)"
            )
        kwargs = self.source.values.get("dataset_kwargs") or {}
        place = self.source.at(("dataset_kwargs",))
        if unknown := [key for key in kwargs if key not in ("data_files", "trust_remote_code")]:
            raise DataError(f"{self.source.at(('dataset_kwargs', unknown[0]))}: {unknown[0]!r} cannot be honoured")
        named = kwargs.get("data_files")
        if not isinstance(named, dict):
            named = {"train": named}
        if split not in named or named[split] is None:
            raise DataError(f"{place}: data_files names no file for the split {split!r}")
        listed = named[split] if isinstance(named[split], list) else [named[split]]
        return [self._located(str(file), place) for file in listed]

    def _located(self, name: str, place: str) -> Path:
        """A path as the harness takes it, from the working folder; else from the task's own."""
        for found in (Path(name).expanduser(), self.source.path.parent / name):
            if found.is_file():
                return found
        raise DataError(f"{place}: no file {name!r}, here or beside the task")


def _rows(file: Path) -> list[Doc]:
    """The objects of a JSON Lines file, or of one JSON list."""
    if not file.is_file():
        raise DataError(f"no file {str(file)!r}")
    text = decoded(file)
    rows: list[Any] = []
    if text.lstrip().startswith("["):
        whole = parsed(text)
        rows = whole if isinstance(whole, list) else []
    else:
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                try:
                    rows.append(parsed(line))
                except DataError as error:
                    raise DataError(f"{file}:{number}: {error}") from error
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{file}: wants objects, one a line or in one list")
    return rows


def typed(rows: list[Doc], file: Path) -> list[Doc]:
    """Rows with the same fields and one type in each."""
    made: list[Doc] = _column([dict(row) for row in rows], str(file), ())
    return made


def _column(values: list[Any], file: str, where: tuple[str, ...]) -> list[Any]:
    present = [value for value in values if value is not None]
    kinds = {"number" if type(v) in (int, float) else type(v).__name__ for v in present}
    name = ".".join(where)
    if len(kinds) > 1:
        raise DataError(f"{file}: field {name!r} holds {' and '.join(sorted(kinds))}; a column has one type")
    if kinds == {"number"} and any(isinstance(value, float) for value in present):
        return [None if value is None else float(value) for value in values]
    if kinds == {"str"} and all(DATE.fullmatch(value) for value in present):
        raise DataError(f"{file}: the texts of field {name!r} all look like dates, which the harness reads as such")
    if kinds == {"dict"}:
        fields = list(dict.fromkeys(key for value in present for key in value))
        columns = {
            key: _column([None if value is None else value.get(key) for value in values], file, (*where, key))
            for key in fields
        }
        return [None if value is None else {key: columns[key][i] for key in fields} for i, value in enumerate(values)]
    if kinds == {"list"}:
        flat = iter(_column([one for value in present for one in value], file, (*where, "[]")))
        return [None if value is None else [next(flat) for _ in value] for value in values]
    return values
