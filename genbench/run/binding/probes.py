"""The probes of a suite with their benchmarks, and the metrics of its gates."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from genbench.core.catalogue import Entry, catalogue
from genbench.core.errors import NotApplicable, suggestion
from genbench.run.binding.datasets import check_reference, modality_of
from genbench.run.binding.entries import check_settings
from genbench.run.binding.lenses import check_lens
from genbench.run.binding.wrong import Found, Wrong, listed, mapping
from genbench.run.yaml_source import Where


def check_probe(where: Where, request: Any, data: Mapping[str, Any]) -> Found:
    """A probe, or a pattern over probes, with its lens, benchmark and settings."""
    if isinstance(request, str):
        yield from _pattern(request, where)
        return
    probe = mapping(request)
    if "lens" in probe:
        yield from check_lens((*where, "lens"), probe["lens"])
    benchmark = probe.get("benchmark")
    yield from check_reference(benchmark, (*where, "benchmark"), data)
    held = modality_of(data.get(benchmark)) if isinstance(benchmark, str) else None
    if held is not None and "_" not in held:
        yield Wrong((*where, "benchmark"), f"{benchmark!r} holds {held}, which is no benchmark")
    id = probe.get("probe")
    if not isinstance(id, str):
        return
    yield from _pattern(id, (*where, "probe"))
    matching = [catalogue("probe")[m] for m in fnmatch.filter(catalogue("probe"), id)]
    settings = mapping(probe.get("settings"))
    if len(matching) == 1:
        yield from check_settings(matching[0], (*where, "probe"), (*where, "settings"), settings)
    elif settings and matching:
        problem = f"settings belong to one probe, and {id!r} names {len(matching)}"
        yield Wrong((*where, "settings"), problem, at_key=True)


def _pattern(id: str, where: Where) -> Found:
    probes = list(catalogue("probe"))
    if not fnmatch.filter(probes, id):
        is_pattern = "*" in id or "." not in id
        known = [f"{axis}.*" for axis in dict.fromkeys(p.partition(".")[0] for p in probes)] if is_pattern else probes
        yield Wrong(where, f"no probe is named {id!r}{suggestion(id, known)}")


def check_gate(where: Where, gate: Mapping[str, Any], models: list[str]) -> Found:
    """A gate's metric, and the models that must pass it."""
    metric = gate.get("metric")
    if isinstance(metric, str):
        probes = catalogue("probe")
        id = metric.rpartition(".")[0]
        # Only the probe named is loaded; all of them only to find what is near.
        if id not in probes or ((reports := _reports(probes[id])) and metric not in reports):
            known = [m for entry in probes.values() for m in _reports(entry)]
            yield Wrong((*where, "metric"), f"no metric is named {metric!r}{suggestion(metric, known)}")
    for j, name in enumerate(listed(gate.get("models"))):
        if isinstance(name, str) and name not in models:
            yield Wrong((*where, "models", j), f"no model is named {name!r}{suggestion(name, models)}")


def _reports(entry: Entry) -> list[str]:
    """The metrics of a probe by their whole ids; empty where a package it needs is absent."""
    try:
        return [f"{entry.id}.{name}" for name in entry.load().__genbench__.reports]
    except NotApplicable:
        return []
