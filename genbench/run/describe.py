"""Explains one entry of the catalogue from its own file: docstring, settings, needs, scores and papers."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

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
    elif entry.kind != "plant":
        told["modality"] = spec.modality
    if entry.kind in ("model", "lens"):
        told["can"] = list(entry.capabilities)
    if entry.kind == "model" and spec.presets:
        told["presets"] = {name: dict(values) for name, values in spec.presets.items()}
    told["settings"] = {
        name: {"type": _type(s.annotation), "required": s.required, **({} if s.required else {"default": s.default})}
        for name, s in settings_of(loaded).items()
    }
    if entry.kind == "model" and spec.after_fit:
        told["after_fit"] = list(spec.after_fit)
    told["cites"] = list(getattr(spec, "cites", ()))
    return told


def in_words(entry: Entry, told: dict[str, Any]) -> str:
    """The same for a terminal."""
    lines = [f"{entry.kind} {entry.id}   ({told['file']})", "", entry.doc, ""]
    if told.get("modality"):
        lines += [f"Modality: {told['modality']}", *([] if told.get("can") else [""])]
    if told.get("can"):
        lines += [f"Can: {', '.join(told['can'])}", ""]
    if told.get("needs"):
        lines += ["Needs", *(f"  {n['role']}: {n['kind']}" for n in told["needs"]), ""]
    for name, metric in told.get("scores", {}).items():
        what = "; ".join(word for word in (metric["unit"], metric["better"]) if word)
        context = "; context, never judged" if metric["context_only"] else ""
        lines += [f"Score {name}   [{what}{context}]", f"  {metric['summary']}"]
        lines += [f"  {metric['reading']}"] if metric["reading"] else []
    if told.get("scores"):
        lines += ["", f"Must catch: {told['control']}.   Known truth: {told['truth']}.", ""]
    if told["settings"]:
        lines += ["Settings", *(f"  {name}: {_setting(s)}" for name, s in told["settings"].items()), ""]
    if told.get("after_fit"):
        lines += [f"Needs no other fit: {', '.join(told['after_fit'])}", ""]
    if told.get("presets"):
        lines += ["Presets", *(f"  {name}: {values}" for name, values in told["presets"].items()), ""]
    if told["cites"]:
        lines += ["Cites", *(f"  {cite}" for cite in told["cites"]), ""]
    return "\n".join(lines)


def _setting(told: dict[str, Any]) -> str:
    return f"{told['type']}, to be given" if told["required"] else f"{told['type']} = {told['default']!r}"


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
    if get_origin(annotation) is Literal:
        return " | ".join(map(repr, get_args(annotation)))
    return annotation.__name__ if type(annotation) is type else str(annotation).replace("typing.", "")
