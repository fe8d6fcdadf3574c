"""Is what a suite names in the catalogue, and do its settings fit the signature they are meant for?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genbench.core.catalogue import Entry, Kind, catalogue
from genbench.core.errors import NotApplicable, suggestion
from genbench.core.places import places_of
from genbench.core.settings import settings_of
from genbench.run.binding.places import check_default, check_place
from genbench.run.binding.wrong import Found, Wrong, mapping
from genbench.run.fit import fit
from genbench.run.yaml_source import Where

# Sugar: `hf: x` is family hf with this setting.
SUGAR = {"hf": "path", "endpoint": "url", "python": "object", "samples": "path"}
OWN_KEYS = {"data": ("source", "optional"), "lens": ("lens",)}
SAID: dict[Kind, str] = {"probe": "probe", "model": "model family", "lens": "lens", "data": "data source"}


def check_entry(kind: Kind, id: Any, where: Where, below: Where, settings: Mapping[str, Any]) -> Found:
    """An entry by its id, and the settings it is given. where: of the id; below: of the settings."""
    if not isinstance(id, str):
        return
    entries = catalogue(kind)
    if id in entries:
        yield from check_settings(entries[id], where, below, settings)
    else:
        yield Wrong(where, f"no {SAID[kind]} is named {id!r}{suggestion(id, list(entries))}")


def check_settings(entry: Entry, where: Where, below: Where, given: Mapping[str, Any]) -> Found:
    """Settings by an entry's signature; those that lead somewhere also by what lies there."""
    try:
        loaded = entry.load()
    except NotApplicable:
        return  # an extra is missing: the run will say so, cell by cell
    settings, places = settings_of(loaded), places_of(loaded)
    for name, value in given.items():
        if name not in settings:
            near = suggestion(name, list(settings)) or "; it has none"
            yield Wrong((*below, name), f"{entry.id} has no setting {name!r}{near}", at_key=True)
        elif problem := fit(settings[name], value)[1]:
            yield Wrong((*below, name), f"{entry.id}: {name} {problem}")
        elif name in places and isinstance(value, str) and (value or settings[name].default != ""):
            at = where if SUGAR.get(str(where[-1])) == name else (*below, name)
            yield from check_place(places[name], value, at)
    for name, place in places.items():
        if name not in given and isinstance(path := settings[name].default, str) and path:
            yield from check_default(place, path, (*below, name))
    unmet = [name for name, setting in settings.items() if setting.required and name not in given]
    if unmet and not any(near in unmet for name in given if name not in settings for near in _near(name, unmet)):
        yield Wrong(where, f"{entry.id} needs the setting {', '.join(map(repr, unmet))}")


def _near(name: str, known: list[str]) -> list[str]:
    """The names that a misspelt one may stand for: a slip is one mistake, not also a missing setting."""
    return [k for k in known if "did you mean" in suggestion(name, [k])]


def default_of(kind: Kind, id: Any, name: str) -> Any:
    """A setting's default; None where there is no such setting, or what it is of cannot be loaded."""
    entry = catalogue(kind).get(id) if isinstance(id, str) else None
    try:
        setting = settings_of(entry.load()).get(name) if entry else None
    except NotApplicable:
        return None
    return setting.default if setting else None


def settings_of_part(request: Any, part: str, where: Where) -> tuple[Where, dict[str, Any]]:
    """(where the settings of a dataset or lens stand, the settings): below `settings`, or beside the name."""
    whole = mapping(request)
    if "settings" in whole:
        return (*where, "settings"), mapping(whole["settings"])
    return where, {key: value for key, value in whole.items() if key not in OWN_KEYS[part]}
