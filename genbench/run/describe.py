"""Explains one entry of the catalogue from its own file: docstring, settings, needs, scores and papers."""

from __future__ import annotations

from typing import Any

from genbench.core.catalogue import Entry
from genbench.core.score import Metric, Toward
from genbench.core.settings import settings_of
from genbench.run.plan import load_probe


def describe(entry: Entry) -> dict[str, Any]:
    """A description in plain values. Imports the entry's module, and no other."""
    told: dict[str, Any] = {
        "kind": entry.kind,
        "id": entry.id,
        "from": entry.provider,
        "file": f"{entry.path}:{entry.line}",
        "about": entry.doc,
    }
    loaded = entry.load()
    spec = loaded.__genbench__
    if entry.kind == "probe":
        probe = load_probe(entry.id)
        told["needs"] = [{"role": n.role, "kind": n.kind.__name__} for n in probe.needs]
        told["scores"] = {name: _metric(metric) for name, metric in spec.reports.items()}
        told["control"], told["truth"] = spec.control, spec.truth
    else:
        told["modality"] = spec.modality
    if entry.kind in ("model", "lens"):
        told["can"] = list(entry.capabilities)
    if entry.kind == "model" and spec.presets:
        told["presets"] = {name: dict(values) for name, values in spec.presets.items()}
    told["settings"] = {
        name: {"type": _type(s.annotation), "default": "required" if s.required else s.default}
        for name, s in settings_of(loaded).items()
    }
    told["cites"] = list(getattr(spec, "cites", ()))
    return told


def in_words(entry: Entry, told: dict[str, Any]) -> str:
    """The same for a terminal."""
    lines = [f"{entry.kind} {entry.id}   ({told['file']})", "", entry.doc, ""]
    if told.get("needs"):
        lines += ["Needs", *(f"  {n['role']}: {n['kind']}" for n in told["needs"]), ""]
    for name, metric in told.get("scores", {}).items():
        lines += [f"Score {name}   [{metric['unit']}; {metric['better']}]", f"  {metric['summary']}"]
        lines += [f"  {metric['reading']}"] if metric["reading"] else []
    if told.get("scores"):
        lines += ["", f"Must catch: {told['control']}.   Known truth: {told['truth']}.", ""]
    if told["settings"]:
        lines += ["Settings", *(f"  {n}: {s['type']} = {s['default']!r}" for n, s in told["settings"].items()), ""]
    if told.get("presets"):
        lines += ["Presets", *(f"  {name}: {values}" for name, values in told["presets"].items()), ""]
    if told["cites"]:
        lines += ["Cites", *(f"  {cite}" for cite in told["cites"]), ""]
    return "\n".join(lines)


def _metric(metric: Metric) -> dict[str, Any]:
    better = f"best at {metric.better.target:g}" if isinstance(metric.better, Toward) else f"{metric.better} is better"
    return {
        "unit": metric.unit,
        "better": better,
        "summary": metric.summary,
        "reading": metric.reading,
        "tolerance": metric.tolerance,
        "margin": metric.margin,
        "context_only": metric.context,
    }


def _type(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")
