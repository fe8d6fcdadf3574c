"""The second look at a suite: do its names exist, and do settings fit the signatures they are meant for?

Works on plain values, so that it can say its part even where the shape of the file is wrong elsewhere.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from genbench.core.catalogue import Entry, Kind, catalogue
from genbench.core.errors import NotApplicable, suggestion
from genbench.core.settings import Setting, settings_of

Where = tuple[str | int, ...]
Found = Iterator[tuple[Where, str]]

SUGAR = ("hf", "python", "samples")
OWN_KEYS = {"data": ("source",), "lenses": ("lens",)}


def check_names(suite: Mapping[str, Any]) -> Found:
    """(where, problem) for every name that is not known and every setting that does not fit."""
    yield from _data(_mapping(suite.get("data")))
    for modality, request in _mapping(suite.get("lenses")).items():
        yield from _lens(("lenses", modality), request)
    yield from _models(_list(suite.get("models")), _mapping(suite.get("data")))
    for i, request in enumerate(_list(suite.get("probes"))):
        yield from _probe(("probes", i), request, _mapping(suite.get("data")))
    names = [m.get("name") for m in _list(suite.get("models")) if isinstance(m, Mapping)]
    for i, gate in enumerate(_list(suite.get("gates"))):
        yield from _gate(("gates", i), _mapping(gate), [str(name) for name in names])


def _data(requests: Mapping[str, Any]) -> Found:
    for name, request in requests.items():
        where: Where = ("data", name)
        if isinstance(request, str):
            yield from _known("data", request, where)
        elif isinstance(request, Mapping) and "source" in request:
            yield from _entry("data", request["source"], (*where, "source"), where, _flat(request, "data"))


def _lens(where: Where, request: Any) -> Found:
    if isinstance(request, str):
        yield from _known("lens", request, where)
    elif isinstance(request, Mapping):
        yield from _entry("lens", request.get("lens"), (*where, "lens"), where, _flat(request, "lenses"))


def _models(requests: list[Any], data: Mapping[str, Any]) -> Found:
    seen: dict[str, int] = {}
    for i, request in enumerate(requests):
        where: Where = ("models", i)
        model = _mapping(request)
        name = model.get("name")
        if isinstance(name, str):
            if name in seen:
                yield (*where, "name"), f"two models are named {name!r}; names tell them apart in the report"
            seen[name] = i
        yield from _reference(model.get("data"), (*where, "data"), data)
        if "family" in model:
            settings = _mapping(model.get("settings"))
            yield from _entry("model", model["family"], (*where, "family"), (*where, "settings"), settings)
            yield from _preset(model, where)
        if "data" not in model and any(kind in model for kind in ("family", *SUGAR)) and data:
            yield where, f"model {name!r} names no `data`{suggestion('', list(data))}"


def _preset(model: Mapping[str, Any], where: Where) -> Found:
    entry = catalogue("model").get(str(model["family"]))
    if entry is None or not isinstance(model.get("preset"), str):
        return
    presets = _mapping(entry.keywords.get("presets"))
    if not presets:
        presets = dict(entry.load().__genbench__.presets)
    if model["preset"] not in presets:
        near = suggestion(model["preset"], sorted(presets))
        yield (*where, "preset"), f"{entry.id} has no preset {model['preset']!r}{near}"


def _probe(where: Where, request: Any, data: Mapping[str, Any]) -> Found:
    if isinstance(request, str):
        yield from _pattern(request, where)
        return
    probe = _mapping(request)
    id = probe.get("probe")
    if not isinstance(id, str):
        return
    yield from _pattern(id, (*where, "probe"))
    if "lens" in probe:
        yield from _lens((*where, "lens"), probe["lens"])
    yield from _reference(probe.get("benchmark"), (*where, "benchmark"), data)
    matching = [catalogue("probe")[m] for m in fnmatch.filter(catalogue("probe"), id)]
    settings = _mapping(probe.get("settings"))
    if len(matching) == 1:
        yield from _settings(matching[0], (*where, "settings"), settings)
    elif settings and matching:
        yield (*where, "settings"), f"settings belong to one probe, and {id!r} names {len(matching)}"


def _pattern(id: str, where: Where) -> Found:
    probes = catalogue("probe")
    if not fnmatch.filter(probes, id):
        yield where, f"no probe is named {id!r}{suggestion(id, list(probes))}"


def _gate(where: Where, gate: Mapping[str, Any], models: list[str]) -> Found:
    metric = gate.get("metric")
    if isinstance(metric, str):
        known = [f"{id}.{name}" for id, entry in catalogue("probe").items() for name in _reports(entry)]
        if metric not in known:
            yield (*where, "metric"), f"no metric is named {metric!r}{suggestion(metric, known)}"
    for j, name in enumerate(_list(gate.get("models"))):
        if name not in models:
            yield (*where, "models", j), f"no model is named {name!r}{suggestion(str(name), models)}"


def _reports(entry: Entry) -> list[str]:
    return list(entry.load().__genbench__.reports)


def _entry(kind: Kind, id: Any, where: Where, below: Where, settings: Mapping[str, Any]) -> Found:
    if not isinstance(id, str):
        return
    problems = list(_known(kind, id, where))
    yield from problems
    if not problems:
        yield from _settings(catalogue(kind)[id], below, settings)


def _known(kind: Kind, id: str, where: Where) -> Found:
    entries = catalogue(kind)
    if id not in entries:
        yield where, f"no {kind} is named {id!r}{suggestion(id, list(entries))}"


def _settings(entry: Entry, where: Where, given: Mapping[str, Any]) -> Found:
    try:
        settings = settings_of(entry.load())
    except NotApplicable:
        return  # an extra is missing: the run will say so, cell by cell
    for name, value in given.items():
        if name not in settings:
            near = suggestion(name, list(settings)) or "; it has none"
            yield (*where, name), f"{entry.id} has no setting {name!r}{near}"
        elif problem := _misfit(settings[name], value):
            yield (*where, name), f"{entry.id}: {name} {problem}"


def _misfit(setting: Setting, value: Any) -> str | None:
    try:
        TypeAdapter(setting.annotation).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = str(first["msg"])
        return f"is wrong: {message[:1].lower()}{message[1:]}; got {value!r}"
    except PydanticSchemaGenerationError:
        return None
    return None


def _reference(name: Any, where: Where, data: Mapping[str, Any]) -> Found:
    if isinstance(name, str) and name not in data:
        yield where, f"no dataset of this suite is named {name!r}{suggestion(name, list(data))}"


def _flat(request: Mapping[str, Any], part: str) -> dict[str, Any]:
    inner = request.get("settings")
    if isinstance(inner, Mapping):
        return dict(inner)
    return {key: value for key, value in request.items() if key not in OWN_KEYS[part]}


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
