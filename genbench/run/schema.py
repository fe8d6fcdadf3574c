"""JSON Schema of suites, with the names this installation knows, for editors."""

from __future__ import annotations

from typing import Any

from genbench.core.catalogue import catalogue
from genbench.run.suite import Suite


def suite_schema() -> dict[str, Any]:
    """The schema, JSON Schema 2020-12."""
    schema = Suite.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "GenBench suite"
    parts = schema["$defs"]
    _name(parts["DataRequest"]["properties"]["source"], list(catalogue("data")))
    _name(parts["LensRequest"]["properties"]["lens"], list(catalogue("lens")))
    _name(parts["ModelRequest"]["properties"]["family"], list(catalogue("model")))
    _name(parts["ProbeRequest"]["properties"]["probe"], ["*", *catalogue("probe")])
    # In a file these may be a bare name, and settings of data and lenses stand beside it.
    for part, key in (("DataRequest", "source"), ("LensRequest", "lens"), ("ProbeRequest", "probe")):
        long = parts[part]
        if part != "ProbeRequest":
            long["additionalProperties"] = True
        parts[part] = {
            "anyOf": [{"type": "string", "description": long["properties"][key].get("description", "")}, long]
        }
    return schema


def _name(field: dict[str, Any], names: list[str]) -> None:
    field["examples"] = names
