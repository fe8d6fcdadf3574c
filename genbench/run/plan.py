"""The plan: every probe against every model, and for each cell whether it will run or why not. Loads no data."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genbench.core.catalogue import Entry, catalogue, find
from genbench.core.digest import digest
from genbench.core.errors import CatalogueError, NotApplicable
from genbench.core.model import Illustrator, Stands
from genbench.core.probe import AXES, Probe, read_probe
from genbench.core.settings import settings_of, with_defaults
from genbench.run.fit import fitted
from genbench.run.requests import ModelRequest, ProbeRequest
from genbench.run.roles import unmet
from genbench.run.sources import source_of
from genbench.run.suite import Suite

WILD = frozenset("*?[]")


@dataclass(frozen=True)
class PlannedModel:
    """A model of the suite, resolved: its family, the settings it will be built with, and what it can do."""

    name: str
    entry: Entry
    settings: Mapping[str, Any]
    data: str
    modality: str
    seed: int
    capabilities: type

    @property
    def after_fit(self) -> dict[str, Any]:
        """The settings that its fit does not read."""
        names = self.entry.load().__genbench__.after_fit
        return {name: value for name, value in self.settings.items() if name in names}

    @property
    def of_fit(self) -> dict[str, Any]:
        """All others: models alike in these, and in data and seed, share one fit."""
        later = self.after_fit
        return {name: value for name, value in self.settings.items() if name not in later}


@dataclass(frozen=True)
class PlannedLens:
    """A lens and its settings, with the class that tells what it can do."""

    entry: Entry
    settings: Mapping[str, Any]
    capabilities: type

    @property
    def id(self) -> str:
        return self.entry.id


@dataclass(frozen=True)
class Cell:
    """One probe on one model through one lens. `because` is set where it will be skipped.

    wanted: the n that its request gives, whatever a run that stops early makes of `n`; 0 for the suite's. limits: how
    many items of a split it is shown at most. Neither is part of the id: a run has one suite.
    """

    probe: Probe
    model: PlannedModel
    lens: PlannedLens | None
    settings: Mapping[str, Any]
    n: int
    seed: int
    benchmark: str | None = None
    because: str | None = None
    asked: int | None = None
    wanted: int = 0
    limits: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names the cell within its run: readable, and different where anything in it is."""
        seen = self.lens.id if self.lens else "-"
        asked = [] if self.asked is None else [self.asked]
        lens = self.lens.settings if self.lens else {}
        unique = digest(self.settings, self.n, self.seed, self.benchmark or "", lens, *asked)
        return f"{self.probe.id}|{self.model.name}|{seen}|{unique[:8]}"


@dataclass(frozen=True)
class Plan:
    """All cells, model by model, the energy axis last so that it can count what the others used."""

    suite: Suite
    models: tuple[PlannedModel, ...]
    cells: tuple[Cell, ...]
    lenses: Mapping[str, PlannedLens] = field(default_factory=dict)

    @property
    def runnable(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.because is None)


def make_plan(suite: Suite) -> Plan:
    """Resolves names and signatures into cells. Raises what the catalogue raises on a malformed entry."""
    models = tuple(_model(suite, request) for request in suite.models)
    lenses = {m.modality: lens for m in models if (lens := _default_lens(suite, m.modality))}
    requests = [(load_probe(id), request) for id, request in requested(suite.probes)]
    requests.sort(key=lambda pair: AXES.index(pair[0].axis))
    cells = [_cell(suite, probe, request, model, lenses) for model in models for probe, request in requests]
    return Plan(suite, models, tuple({cell.id: cell for cell in cells}.values()), lenses)


def load_probe(id: str) -> Probe:
    """The probe of that id with its contract read; a malformed one is refused by file and line."""
    entry = find("probe", id)
    try:
        return read_probe(entry.id, entry.load(), entry.code)
    except (ValueError, NameError) as error:
        raise CatalogueError(entry.path, entry.line, f"probe {entry.id}: {error}") from error


def requested(requests: Sequence[ProbeRequest]) -> list[tuple[str, ProbeRequest]]:
    """Which probe runs by which request: for each probe the most specific that name it, all of them where several are.

    An id is more specific than any pattern, a pattern with more letters more specific than one with fewer.
    """
    chosen = []
    for id in dict.fromkeys((*catalogue("probe"), *(r.probe for r in requests if not set(r.probe) & WILD))):
        naming = [request for request in requests if fnmatch.fnmatchcase(id, request.probe)]
        most = max((_specific(request.probe) for request in naming), default=0)
        chosen += [(id, request) for request in naming if _specific(request.probe) == most]
    return chosen


def _specific(pattern: str) -> float:
    return sum(c not in WILD for c in pattern) if set(pattern) & WILD else math.inf


def _model(suite: Suite, request: ModelRequest) -> PlannedModel:
    entry = find("model", request.family_id)
    cls = entry.load()
    preset = dict(cls.__genbench__.presets.get(request.preset or "", {}))
    known = settings_of(cls)
    settings = with_defaults(known, fitted(known, {**preset, **request.all_settings}))
    modality = cls.__genbench__.modality
    if request.data:
        modality = source_of(suite.data[request.data])[0].modality
    seed = suite.seed if request.seed is None else request.seed
    capabilities: type = cls(**settings).stands_for() if issubclass(cls, Stands) else cls
    return PlannedModel(request.name, entry, settings, request.data or "", modality, seed, capabilities)


def _lens(id: str, settings: Mapping[str, Any]) -> PlannedLens:
    entry = find("lens", id)
    cls = entry.load()
    known = settings_of(cls)
    return PlannedLens(entry, with_defaults(known, fitted(known, settings)), cls)


def _default_lens(suite: Suite, modality: str) -> PlannedLens | None:
    request = suite.lens_for(modality)
    return _lens(request.lens, request.settings) if request else None


def _cell(
    suite: Suite, probe: Probe, request: ProbeRequest, model: PlannedModel, lenses: Mapping[str, PlannedLens]
) -> Cell:
    lens = lenses.get(model.modality)
    if request.lens and find("lens", request.lens.lens).modality == model.modality:
        lens = _lens(request.lens.lens, request.lens.settings)
    settings = with_defaults(probe.settings, fitted(probe.settings, request.settings))
    n = request.n or suite.n
    seen = lens if probe.uses_lens or probe.needs_role("perturbed") else None
    because = _because(suite, probe, request, model, lens)
    asked = request.n if request.benchmark else None
    limits = {"train": suite.train_n, "held_out": suite.held_out_n}
    return Cell(probe, model, seen, settings, n, suite.seed, request.benchmark, because, asked, request.n or 0, limits)


def _because(
    suite: Suite, probe: Probe, request: ProbeRequest, model: PlannedModel, lens: PlannedLens | None
) -> str | None:
    if request.benchmark and (path := suite.data[request.benchmark].absent):
        source = suite.data[request.benchmark].source
        return f"no file at {path}, where suites or $GENBENCH_DATA have it; `genbench data {source}` says where from"
    held = source_of(suite.data[request.benchmark])[0].modality if request.benchmark else None
    if held and held.split("_")[0] != model.modality and not issubclass(model.capabilities, Illustrator):
        return f"the benchmark {request.benchmark} is {held.split('_')[0]}, and the model makes {model.modality}"
    for need in probe.needs:
        cls = lens.capabilities if lens else None
        if because := unmet(need, model.capabilities, cls, held):
            return because
    return None


__all__ = ["Cell", "NotApplicable", "Plan", "PlannedLens", "PlannedModel", "load_probe", "make_plan"]
