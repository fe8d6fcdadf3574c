"""JSON Schema of suites, for editors: the shape, and the names and settings that this installation knows."""

from __future__ import annotations

from typing import Any

from genbench.core.catalogue import Kind, catalogue
from genbench.run.suite import Suite

# What may be a bare name in a file, by the key that the name stands for.
SHORT = {"DataRequest": "source", "LensRequest": "lens", "ProbeRequest": "probe"}
NAMES: dict[tuple[str, str], Kind] = {
    ("DataRequest", "source"): "data",
    ("LensRequest", "lens"): "lens",
    ("ModelRequest", "family"): "model",
    ("ProbeRequest", "probe"): "probe",
}


def suite_schema(*, names: bool = True) -> dict[str, Any]:
    """The schema, JSON Schema 2020-12.

    names: with what the catalogue holds as examples, which editors offer. Without, it is the shape of a suite alone,
    the same in every installation: what `suites/genbench.schema.json` keeps, so that a new probe does not change it.
    """
    schema = Suite.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "GenBench suite"
    parts = schema["$defs"]
    for (part, key), kind in NAMES.items() if names else ():
        field = parts[part]["properties"][key]
        # JSON Schema lets only a closed list be completed everywhere; examples leave patterns and plug-ins welcome.
        field["examples"] = [*(["*"] if kind == "probe" else []), *catalogue(kind)]
    for part, key in SHORT.items():
        whole = parts[part]
        if part != "ProbeRequest":  # settings stand beside the name
            whole["additionalProperties"] = True
        if part == "DataRequest":
            # `path` alone is looked at, and says which source it is; so is a path below `settings`.
            whole["anyOf"] = [{"required": [k]} for k in ("source", "path", "settings")]
        named = {k: v for k, v in whole["properties"][key].items() if k in ("description", "examples")}
        parts[part] = {"anyOf": [{"type": "string", **named}, whole]}
    return schema
