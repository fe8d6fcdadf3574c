"""The datasets of a suite: their sources, what lies at their paths, and what each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genbench.core.catalogue import catalogue
from genbench.core.errors import DataError, suggestion
from genbench.run.binding.entries import check_entry, check_settings, default_of, settings_of_part
from genbench.run.binding.places import absent, lies
from genbench.run.binding.wrong import Found, Wrong, mapping
from genbench.run.home import exists
from genbench.run.yaml_source import Where


def check_data(where: Where, request: Any) -> Found:
    """A dataset by its source's name, or by a path that is looked at."""
    below, settings = settings_of_part(request, "data", where)
    path = settings.get("path")
    named, at = (request, where) if isinstance(request, str) else (mapping(request).get("source"), (*where, "source"))
    looked_at = settings.get("path", default_of("data", named, "path"))
    gone = isinstance(looked_at, str) and not lies(looked_at)
    optional = mapping(request).get("optional") is True and named is not None
    said = False
    for wrong in check_entry("data", named, at, below, settings):
        said |= (of_path := gone and wrong.absent == looked_at)
        if not (of_path and optional):  # of what is optional the plan will say so, to what asks for it
            yield wrong
    if not isinstance(path, str):
        return
    if gone:
        if not (said or optional):
            yield absent((*below, "path"), path, "file or folder", "FILE")
    elif isinstance(request, Mapping) and "source" not in request:
        try:
            source = _sniffed(path)
        except DataError as error:
            yield Wrong((*below, "path"), str(error))
        else:
            yield from check_settings(catalogue("data")[source], where, below, settings)


def check_reference(name: Any, where: Where, data: Mapping[str, Any]) -> Found:
    """A dataset that another part of the suite names."""
    if isinstance(name, str) and data and name not in data:
        yield Wrong(where, f"no dataset of this suite is named {name!r}{suggestion(name, list(data))}")


def modality_of(request: Any) -> str | None:
    """What a dataset holds, from the catalogue or the look of its path; None where that cannot be told."""
    source = request if isinstance(request, str) else mapping(request).get("source")
    if source is None:
        path = settings_of_part(request, "data", ())[1].get("path")
        try:
            source = _sniffed(path) if isinstance(path, str) and exists(path) else None
        except DataError:
            return None
    entry = catalogue("data").get(source) if isinstance(source, str) else None
    return entry.modality if entry else None


def _sniffed(path: str) -> str:
    from genbench.data._sniff import sniff  # brings pandas, which no suite of named sources needs

    return sniff(path)[0]
