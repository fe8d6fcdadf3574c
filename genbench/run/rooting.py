"""Where a suite's paths lead: each is looked for beside the suite, from where one is, and among one's benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genbench.core.catalogue import Kind, catalogue
from genbench.core.errors import NotApplicable
from genbench.core.places import places_of
from genbench.run.binding.entries import SUGAR
from genbench.run.home import found_at

# Keys that name a file wherever they stand; of all other settings an annotation tells.
PATHS = frozenset({"path", "held_out", "weights", "heads", "intensity_file", *SUGAR})
NAMED_BY: tuple[tuple[str, Kind], ...] = (("source", "data"), ("lens", "lens"), ("family", "model"), ("of", "model"))


def root_paths(value: Any, folder: Path, keys: frozenset[str] = frozenset()) -> None:
    """Makes paths in the plain values of a suite lead where `found_at` finds them; else they stay as written.

    keys: those that lead somewhere here, beside `PATHS`.
    """
    if isinstance(value, list):
        for element in value:
            root_paths(element, folder)
    elif isinstance(value, dict):
        own = keys | _leading(value)
        for key, inner in value.items():
            if key in PATHS | own and isinstance(inner, str):
                value[key] = found_at(inner, folder) or inner
            else:
                root_paths(inner, folder, own if key == "settings" else frozenset())


def _leading(part: Mapping[str, Any]) -> frozenset[str]:
    """The settings that lead somewhere of whatever entries of the catalogue a part of the suite names."""
    named = [(kind, part[key]) for key, kind in NAMED_BY if isinstance(part.get(key), str)]
    found: set[str] = set()
    for kind, id in named:
        if id in catalogue(kind):
            try:
                found |= set(places_of(catalogue(kind)[id].load()))
            except NotApplicable:  # an extra is missing, so its cells will be skipped
                continue
    return frozenset(found)
