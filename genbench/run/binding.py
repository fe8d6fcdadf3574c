"""The second look at a suite: do its names exist, and do settings fit the signatures they are meant for?

Works on plain values, so that it can say its part even where the shape of the file is wrong elsewhere. What the
shape already condemns (a wrong type, a missing key) is left to the first look: one mistake, one line.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from genbench.core.catalogue import Entry, Kind, catalogue
from genbench.core.errors import DataError, MeterError, NotApplicable, suggestion
from genbench.core.settings import settings_of
from genbench.meters.grid import intensities, regional
from genbench.meters.intensity import read_hourly
from genbench.run.fit import fit
from genbench.run.home import exists
from genbench.run.yaml_source import Where

# Sugar: `hf: x` is family hf with this setting.
SUGAR = {"hf": "path", "endpoint": "url", "python": "object", "samples": "path"}
LIKE_PATHS = ("/", ".", "~")  # how a path begins, and no name on a hub
# Families around another one: the setting that names it. Its own settings stand below `settings`.
AROUND = {"dialogue": "of", "shadows": "family"}
OWN_KEYS = {"data": ("source", "optional"), "lens": ("lens",)}


class Wrong(NamedTuple):
    """One thing found wrong, and whether it is the key or the value at that place."""

    where: Where
    problem: str
    at_key: bool = False


Found: TypeAlias = Iterator[Wrong]


def check_names(suite: Mapping[str, Any]) -> Found:
    """Everything in the suite that names what is not known, and every setting that does not fit."""
    data = _mapping(suite.get("data"))
    for name, request in data.items():
        yield from _data(("data", name), request)
    for modality, request in _mapping(suite.get("lenses")).items():
        yield from _lens(("lenses", modality), request)
        yield from _seen_by(modality, request)
    yield from _models(_list(suite.get("models")), data)
    for i, request in enumerate(_list(suite.get("probes"))):
        yield from _probe(("probes", i), request, data)
    names = [str(m["name"]) for m in _list(suite.get("models")) if isinstance(m, Mapping) and "name" in m]
    names += [name for request in _list(suite.get("models")) for name in _trainings(_mapping(request))]
    for i, gate in enumerate(_list(suite.get("gates"))):
        yield from _gate(("gates", i), _mapping(gate), names)
    yield from _country(_mapping(suite.get("meters")))
    yield from _region(_mapping(suite.get("meters")))
    yield from _intensity_file(_mapping(suite.get("meters")))


def _data(where: Where, request: Any) -> Found:
    below, settings = _settings_of_part(request, "data", where)
    if isinstance(request, str):
        yield from _entry("data", request, where, below, settings)
    elif isinstance(request, Mapping) and "source" in request:
        yield from _entry("data", request["source"], (*where, "source"), below, settings)
    path = settings.get("path")
    if not isinstance(path, str):
        return
    if not exists(path):
        if _mapping(request).get("optional") is True and "source" in _mapping(request):
            return  # the plan will say so of what asks for it
        change = "--set " + ".".join(map(str, (*below, "path=FILE")))
        yield Wrong((*below, "path"), f"no file or folder at {path!r}; another can be named with {change}")
    elif isinstance(request, Mapping) and "source" not in request:
        try:
            source = _sniffed(path)
        except DataError as error:
            yield Wrong((*below, "path"), str(error))
        else:
            yield from _settings(catalogue("data")[source], where, below, settings)


def _lens(where: Where, request: Any) -> Found:
    below, settings = _settings_of_part(request, "lens", where)
    if isinstance(request, str):
        yield from _entry("lens", request, where, below, settings)
    elif isinstance(request, Mapping):
        yield from _entry("lens", request.get("lens"), (*where, "lens"), below, settings)


def _seen_by(modality: str, request: Any) -> Found:
    """Is the key of a lens a modality, and the lens one for it?"""
    lenses = catalogue("lens")
    known = sorted({entry.modality for entry in lenses.values()})
    id = request if isinstance(request, str) else _mapping(request).get("lens")
    if modality not in known:
        yield Wrong(("lenses", modality), f"no lens sees {modality!r}{suggestion(modality, known)}", at_key=True)
    elif isinstance(id, str) and id in lenses and lenses[id].modality != modality:
        at: Where = ("lenses", modality) if isinstance(request, str) else ("lenses", modality, "lens")
        yield Wrong(at, f"the lens {id} sees {lenses[id].modality}, not {modality}")


def _models(requests: list[Any], data: Mapping[str, Any]) -> Found:
    seen: set[str] = set()
    for i, request in enumerate(requests):
        where: Where = ("models", i)
        model = _mapping(request)
        name = model.get("name")
        if isinstance(name, str):
            if name in seen:
                yield Wrong((*where, "name"), f"two models are named {name!r}; names tell them apart in the report")
            seen.add(name)
        yield from _reference(model.get("data"), (*where, "data"), data)
        kinds = [kind for kind in ("family", *SUGAR) if model.get(kind) is not None]
        if len(kinds) != 1:
            continue
        yield from _family(where, model, kinds[0])
        yield from _fits_data(where, model, kinds[0], data)
        if model.get("data") is None and data:
            yield Wrong(where, f"model {name!r} names no `data`{suggestion('', list(data))}")


def _trainings(model: Mapping[str, Any]) -> list[str]:
    """What the trainings of a model with `seeds` are called."""
    seeds = model.get("seeds")
    return [f"{model.get('name')}#{i}" for i in range(seeds)] if isinstance(seeds, int) else []


def _family(where: Where, model: Mapping[str, Any], kind: str) -> Found:
    below = (*where, "settings")
    settings = _mapping(model.get("settings"))
    id = model[kind] if kind == "family" else kind
    if kind in SUGAR:
        if SUGAR[kind] in settings:
            yield Wrong((*below, SUGAR[kind]), f"{SUGAR[kind]!r} is given twice: `{kind}` says it already", True)
        settings = {SUGAR[kind]: model[kind], **settings}
        if kind == "samples" and isinstance(model[kind], str) and not exists(model[kind]):
            change = "--set " + ".".join(map(str, (*where, f"{kind}=PATH")))
            yield Wrong((*where, kind), f"no file or folder at {model[kind]!r}; another can be named with {change}")
        if kind == "python" and isinstance(model[kind], str) and not all(model[kind].partition(":")):
            yield Wrong((*where, kind), f"python: wants package.module:object; got {model[kind]!r}")
            return
        if not isinstance(model[kind], str):
            return
    yield from _made(id, (*where, kind), below, settings)
    yield from _preset(model, id, where)


def _made(id: Any, where: Where, below: Where, settings: Mapping[str, Any]) -> Found:
    """A family with settings, and the family within it where it is made around another one."""
    yield from _entry("model", id, where, below, settings)
    path = settings.get("path")
    if id == "hf" and isinstance(path, str) and path.startswith(LIKE_PATHS) and not _at_home(path):
        at = where if where[-1] == "hf" else (*below, "path")
        change = "--set " + ".".join(map(str, at)) + "=PATH"
        yield Wrong(at, f"no file or folder at {path!r}; another can be named with {change}")
    key = AROUND.get(id) if isinstance(id, str) else None
    if key and isinstance(settings.get(key), str):
        yield from _made(settings[key], (*below, key), (*below, "settings"), _mapping(settings.get("settings")))


def _preset(model: Mapping[str, Any], id: Any, where: Where) -> Found:
    entry = catalogue("model").get(id) if isinstance(id, str) else None
    if entry is None or not isinstance(model.get("preset"), str):
        return
    presets = _mapping(entry.keywords.get("presets"))
    if not presets and "presets" in entry.keywords:
        presets = dict(entry.load().__genbench__.presets)
    if model["preset"] not in presets:
        near = suggestion(model["preset"], sorted(presets)) or "; it has none"
        yield Wrong((*where, "preset"), f"{entry.id} has no preset {model['preset']!r}{near}")


def _fits_data(where: Where, model: Mapping[str, Any], kind: str, data: Mapping[str, Any]) -> Found:
    """Does the family make what the dataset holds?"""
    id = model[kind] if kind == "family" else kind
    entry = catalogue("model").get(id) if isinstance(id, str) else None
    held = _modality(data.get(model["data"])) if isinstance(model.get("data"), str) else None
    if entry is None or held is None:
        return
    if "_" in held:
        yield Wrong((*where, "data"), f"{model['data']!r} holds {held}: name it as `benchmark` of a probe, not as data")
    elif entry.modality not in ("any", held):
        yield Wrong((*where, "data"), f"{entry.id} makes {entry.modality}, and {model['data']!r} holds {held}")


def _probe(where: Where, request: Any, data: Mapping[str, Any]) -> Found:
    if isinstance(request, str):
        yield from _pattern(request, where)
        return
    probe = _mapping(request)
    if "lens" in probe:
        yield from _lens((*where, "lens"), probe["lens"])
    benchmark = probe.get("benchmark")
    yield from _reference(benchmark, (*where, "benchmark"), data)
    held = _modality(data.get(benchmark)) if isinstance(benchmark, str) else None
    if held is not None and "_" not in held:
        yield Wrong((*where, "benchmark"), f"{benchmark!r} holds {held}, which is no benchmark")
    id = probe.get("probe")
    if not isinstance(id, str):
        return
    yield from _pattern(id, (*where, "probe"))
    matching = [catalogue("probe")[m] for m in fnmatch.filter(catalogue("probe"), id)]
    settings = _mapping(probe.get("settings"))
    if len(matching) == 1:
        yield from _settings(matching[0], (*where, "probe"), (*where, "settings"), settings)
    elif settings and matching:
        problem = f"settings belong to one probe, and {id!r} names {len(matching)}"
        yield Wrong((*where, "settings"), problem, at_key=True)


def _pattern(id: str, where: Where) -> Found:
    probes = list(catalogue("probe"))
    if not fnmatch.filter(probes, id):
        is_pattern = "*" in id or "." not in id
        known = [f"{axis}.*" for axis in dict.fromkeys(p.partition(".")[0] for p in probes)] if is_pattern else probes
        yield Wrong(where, f"no probe is named {id!r}{suggestion(id, known)}")


def _gate(where: Where, gate: Mapping[str, Any], models: list[str]) -> Found:
    metric = gate.get("metric")
    if isinstance(metric, str):
        probes = catalogue("probe")
        id = metric.rpartition(".")[0]
        # Only the probe named is loaded; all of them only to find what is near.
        if id not in probes or ((reports := _reports(probes[id])) and metric not in reports):
            known = [m for entry in probes.values() for m in _reports(entry)]
            yield Wrong((*where, "metric"), f"no metric is named {metric!r}{suggestion(metric, known)}")
    for j, name in enumerate(_list(gate.get("models"))):
        if isinstance(name, str) and name not in models:
            yield Wrong((*where, "models", j), f"no model is named {name!r}{suggestion(name, models)}")


def _reports(entry: Entry) -> list[str]:
    """The metrics of a probe by their whole ids; empty where a package it needs is absent."""
    try:
        return [f"{entry.id}.{name}" for name in entry.load().__genbench__.reports]
    except NotApplicable:
        return []


def _country(meters: Mapping[str, Any]) -> Found:
    country = meters.get("country")
    if not isinstance(country, str):
        return
    known = sorted(intensities())
    form = len(country) == 3 and country.isascii() and country.isupper()
    if form and (country in known or meters.get("carbon_intensity_g_per_kwh") is not None):
        return
    near = suggestion(country.upper(), known) if len(country) == 3 else ""
    wants = near if "did you mean" in near else "; wants an ISO 3166 alpha-3 code, such as FRA, DEU or GBR"
    yield Wrong(("meters", "country"), f"no carbon intensity is known for country {country!r}{wants}")


def _region(meters: Mapping[str, Any]) -> Found:
    country, region = meters.get("country"), meters.get("region")
    if not isinstance(country, str) or not isinstance(region, str) or country not in intensities():
        return
    known = regional(country)
    own = meters.get("carbon_intensity_g_per_kwh") is not None or meters.get("intensity_file") is not None
    if own or region.lower() in known:
        return
    near = suggestion(region.lower(), sorted(known)) or "; no part of that country is; leave `region` out"
    yield Wrong(("meters", "region"), f"no carbon intensity is known for region {region!r} of {country}{near}")


def _intensity_file(meters: Mapping[str, Any]) -> Found:
    """The file is read here as well, so that a bad line is said before anything runs."""
    path = meters.get("intensity_file")
    if isinstance(path, str):
        try:
            read_hourly(Path(path))
        except MeterError as error:
            yield Wrong(("meters", "intensity_file"), str(error))


def _entry(kind: Kind, id: Any, where: Where, below: Where, settings: Mapping[str, Any]) -> Found:
    if not isinstance(id, str):
        return
    entries = catalogue(kind)
    if id in entries:
        yield from _settings(entries[id], where, below, settings)
    else:
        yield Wrong(where, f"no {SAID[kind]} is named {id!r}{suggestion(id, list(entries))}")


SAID: dict[Kind, str] = {"probe": "probe", "model": "model family", "lens": "lens", "data": "data source"}


def _settings(entry: Entry, where: Where, below: Where, given: Mapping[str, Any]) -> Found:
    try:
        settings = settings_of(entry.load())
    except NotApplicable:
        return  # an extra is missing: the run will say so, cell by cell
    for name, value in given.items():
        if name not in settings:
            near = suggestion(name, list(settings)) or "; it has none"
            yield Wrong((*below, name), f"{entry.id} has no setting {name!r}{near}", at_key=True)
        elif problem := fit(settings[name], value)[1]:
            yield Wrong((*below, name), f"{entry.id}: {name} {problem}")
    unmet = [name for name, setting in settings.items() if setting.required and name not in given]
    if unmet and not any(near in unmet for name in given if name not in settings for near in _near(name, unmet)):
        yield Wrong(where, f"{entry.id} needs the setting {', '.join(map(repr, unmet))}")


def _near(name: str, known: list[str]) -> list[str]:
    """The names that a misspelt one may stand for: a slip is one mistake, not also a missing setting."""
    return [k for k in known if "did you mean" in suggestion(name, [k])]


def _reference(name: Any, where: Where, data: Mapping[str, Any]) -> Found:
    if isinstance(name, str) and data and name not in data:
        yield Wrong(where, f"no dataset of this suite is named {name!r}{suggestion(name, list(data))}")


def _modality(request: Any) -> str | None:
    """What a dataset holds, from the catalogue or the look of its path; None where that cannot be told."""
    source = request if isinstance(request, str) else _mapping(request).get("source")
    if source is None:
        path = _settings_of_part(request, "data", ())[1].get("path")
        try:
            source = _sniffed(path) if isinstance(path, str) and exists(path) else None
        except DataError:
            return None
    entry = catalogue("data").get(source) if isinstance(source, str) else None
    return entry.modality if entry else None


def _sniffed(path: str) -> str:
    from genbench.data._sniff import sniff  # brings pandas, which no suite of named sources needs

    return sniff(path)[0]


def _at_home(path: str) -> bool:
    """The same, where `~` is somebody's home."""
    try:
        return exists(str(Path(path).expanduser()))
    except RuntimeError:  # nobody's
        return False


def _settings_of_part(request: Any, part: str, where: Where) -> tuple[Where, dict[str, Any]]:
    """(where the settings of a dataset or lens stand, the settings): below `settings`, or beside the name."""
    whole = _mapping(request)
    if "settings" in whole:
        return (*where, "settings"), _mapping(whole["settings"])
    return where, {key: value for key, value in whole.items() if key not in OWN_KEYS[part]}


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
