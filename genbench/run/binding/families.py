"""The models of a suite: their families, presets and settings, and whether they make what their data holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genbench.core.catalogue import Kind, catalogue
from genbench.core.errors import NotApplicable, suggestion
from genbench.core.inner import inner_of
from genbench.run.binding.datasets import check_reference, modality_of
from genbench.run.binding.entries import SUGAR, check_entry
from genbench.run.binding.wrong import Found, Wrong, mapping
from genbench.run.yaml_source import Where


def check_models(requests: list[Any], data: Mapping[str, Any]) -> Found:
    """All models with what their families are given; no two share a name, and each has data."""
    seen: set[str] = set()
    for i, request in enumerate(requests):
        where: Where = ("models", i)
        model = mapping(request)
        name = model.get("name")
        if isinstance(name, str):
            if name in seen:
                yield Wrong((*where, "name"), f"two models are named {name!r}; names tell them apart in the report")
            seen.add(name)
        yield from check_reference(model.get("data"), (*where, "data"), data)
        kinds = [kind for kind in ("family", *SUGAR) if model.get(kind) is not None]
        if len(kinds) != 1:
            continue
        yield from _family(where, model, kinds[0])
        yield from _fits_data(where, model, kinds[0], data)
        if model.get("data") is None and data:
            yield Wrong(where, f"model {name!r} names no `data`{suggestion('', list(data))}")


def trainings(model: Mapping[str, Any]) -> list[str]:
    """What the trainings of a model with `seeds` are called."""
    seeds = model.get("seeds")
    return [f"{model.get('name')}#{i}" for i in range(seeds)] if isinstance(seeds, int) else []


def _family(where: Where, model: Mapping[str, Any], kind: str) -> Found:
    below = (*where, "settings")
    settings = mapping(model.get("settings"))
    id = model[kind] if kind == "family" else kind
    if kind in SUGAR:
        if SUGAR[kind] in settings:
            yield Wrong((*below, SUGAR[kind]), f"{SUGAR[kind]!r} is given twice: `{kind}` says it already", True)
        settings = {SUGAR[kind]: model[kind], **settings}
        if kind == "python" and isinstance(model[kind], str) and not all(model[kind].partition(":")):
            yield Wrong((*where, kind), f"python: wants package.module:object; got {model[kind]!r}")
            return
        if not isinstance(model[kind], str):
            return
    yield from _made(id, (*where, kind), below, settings)
    yield from _preset(model, id, where)


def _made(id: Any, where: Where, below: Where, settings: Mapping[str, Any]) -> Found:
    """A family with settings, and the family within it where it is made around another one."""
    yield from check_entry("model", id, where, below, settings)
    yield from check_within("model", id, below, settings)


def check_within(kind: Kind, id: Any, below: Where, settings: Mapping[str, Any]) -> Found:
    """The model within a family or lens that is made around one, which stands below its `settings`."""
    entry = catalogue(kind).get(id) if isinstance(id, str) else None
    try:
        key = inner_of(entry.load()) if entry else None
    except NotApplicable:
        return  # an extra is missing, as `check_settings` has it
    if key and isinstance(settings.get(key), str):
        yield from _made(settings[key], (*below, key), (*below, "settings"), mapping(settings.get("settings")))


def _preset(model: Mapping[str, Any], id: Any, where: Where) -> Found:
    entry = catalogue("model").get(id) if isinstance(id, str) else None
    if entry is None or not isinstance(model.get("preset"), str):
        return
    presets = mapping(entry.keywords.get("presets"))
    if not presets and "presets" in entry.keywords:
        presets = dict(entry.load().__genbench__.presets)
    if model["preset"] not in presets:
        near = suggestion(model["preset"], sorted(presets)) or "; it has none"
        yield Wrong((*where, "preset"), f"{entry.id} has no preset {model['preset']!r}{near}")


def _fits_data(where: Where, model: Mapping[str, Any], kind: str, data: Mapping[str, Any]) -> Found:
    """Does the family make what the dataset holds?"""
    id = model[kind] if kind == "family" else kind
    entry = catalogue("model").get(id) if isinstance(id, str) else None
    held = modality_of(data.get(model["data"])) if isinstance(model.get("data"), str) else None
    if entry is None or held is None:
        return
    if "_" in held:
        yield Wrong((*where, "data"), f"{model['data']!r} holds {held}: name it as `benchmark` of a probe, not as data")
    elif entry.modality not in ("any", held):
        yield Wrong((*where, "data"), f"{entry.id} makes {entry.modality}, and {model['data']!r} holds {held}")
