"""The second look at a suite: do its names exist, and do settings fit the signatures they are meant for?

Works on plain values, so that it can say its part even where the shape of the file is wrong elsewhere. What the
shape already condemns (a wrong type, a missing key) is left to the first look: one mistake, one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genbench.run.binding.datasets import check_data
from genbench.run.binding.families import check_models, trainings
from genbench.run.binding.lenses import check_lens, check_seen_by
from genbench.run.binding.meters import check_meters
from genbench.run.binding.probes import check_gate, check_probe
from genbench.run.binding.wrong import Found, listed, mapping


def check_names(suite: Mapping[str, Any]) -> Found:
    """Everything in the suite that names what is not known, and every setting that does not fit."""
    data = mapping(suite.get("data"))
    for name, request in data.items():
        yield from check_data(("data", name), request)
    for modality, request in mapping(suite.get("lenses")).items():
        yield from check_lens(("lenses", modality), request)
        yield from check_seen_by(modality, request)
    yield from check_models(listed(suite.get("models")), data)
    for i, request in enumerate(listed(suite.get("probes"))):
        yield from check_probe(("probes", i), request, data)
    names = [str(m["name"]) for m in listed(suite.get("models")) if isinstance(m, Mapping) and "name" in m]
    names += [name for request in listed(suite.get("models")) for name in trainings(mapping(request))]
    for i, gate in enumerate(listed(suite.get("gates"))):
        yield from check_gate(("gates", i), mapping(gate), names)
    yield from check_meters(mapping(suite.get("meters")))
