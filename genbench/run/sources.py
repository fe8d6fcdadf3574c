"""From a dataset named in a suite to the dataset itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genbench.core.catalogue import Entry, find
from genbench.core.data import Dataset
from genbench.core.settings import settings_of
from genbench.data._sniff import sniff
from genbench.run.fit import fitted
from genbench.run.requests import DataRequest
from genbench.run.suite import Suite


def source_of(request: DataRequest) -> tuple[Entry, Mapping[str, Any]]:
    """The catalogue's source for a request and the settings it is called with; a bare path is looked at first."""
    settings = dict(request.settings)
    if request.source is not None:
        return find("data", request.source), settings
    id, found = sniff(str(settings["path"]))
    return find("data", id), {**found, **settings}


def load_dataset(suite: Suite, name: str) -> Dataset:
    """Reads the suite's dataset of that name."""
    entry, settings = source_of(suite.data[name])
    read = entry.load()
    data: Dataset = read(**fitted(settings_of(read), settings))
    return replace(data, name=name)
