"""The lenses of a suite, and whether each sees the modality it is named for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genbench.core.catalogue import catalogue
from genbench.core.errors import suggestion
from genbench.run.binding.entries import check_entry, settings_of_part
from genbench.run.binding.families import check_within
from genbench.run.binding.wrong import Found, Wrong, mapping
from genbench.run.yaml_source import Where


def check_lens(where: Where, request: Any) -> Found:
    """A lens by its id, and the settings it is given."""
    below, settings = settings_of_part(request, "lens", where)
    if isinstance(request, str):
        yield from check_entry("lens", request, where, below, settings)
    elif isinstance(request, Mapping):
        yield from check_entry("lens", request.get("lens"), (*where, "lens"), below, settings)
        yield from check_within("lens", request.get("lens"), below, settings)


def check_seen_by(modality: str, request: Any) -> Found:
    """Is the key of a lens a modality, and the lens one for it?"""
    lenses = catalogue("lens")
    known = sorted({entry.modality for entry in lenses.values()})
    id = request if isinstance(request, str) else mapping(request).get("lens")
    if modality not in known:
        yield Wrong(("lenses", modality), f"no lens sees {modality!r}{suggestion(modality, known)}", at_key=True)
    elif isinstance(id, str) and id in lenses and lenses[id].modality != modality:
        at: Where = ("lenses", modality) if isinstance(request, str) else ("lenses", modality, "lens")
        yield Wrong(at, f"the lens {id} sees {lenses[id].modality}, not {modality}")
