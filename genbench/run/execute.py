"""Carries a plan out: cell by cell, each outcome on disk before the next begins, so that nothing is ever lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from itertools import groupby
from typing import Any, TypeVar

from genbench.core.chance import stream
from genbench.core.data import SPLITS, Dataset
from genbench.core.errors import RunBroken
from genbench.core.evidence import Energy
from genbench.core.lens import Renders
from genbench.core.model import Remote
from genbench.core.score import Failed, Outcome, Score, Skipped
from genbench.meters.grid import Grid, grid
from genbench.results.store import RunFolder, recordable, rendering_owner
from genbench.run.account import Account
from genbench.run.build import BuiltLens, BuiltModel, build_lens, build_model, splits_digest
from genbench.run.detectors import Detectors
from genbench.run.outcomes import Setting, broken, exhibited, headline, scored, skipped
from genbench.run.plan import Cell, Plan, PlannedLens, PlannedModel
from genbench.run.produce import Bench
from genbench.run.sources import load_dataset
from genbench.run.supply import Given
from genbench.run.until_decided import UntilDecided
from genbench.run.voice import Voice

T = TypeVar("T")

GALLERY = 24  # items of each model, and of the real data beside it, that a report shows


class Execution:
    """One run of one plan into one folder. Cells already in the folder are not run again."""

    def __init__(
        self, plan: Plan, folder: RunFolder, account: Account, device: str, voice: Voice, *, until: UntilDecided | None
    ) -> None:
        self.plan, self.folder, self.account = plan, folder, account
        self.device, self.voice, self.until = device, voice, until
        self._datasets: dict[str, Dataset | Exception] = {}
        self._lenses: dict[tuple[str, str], BuiltLens | Exception] = {}
        self._benches: dict[str, Bench | Exception] = {}
        self._detectors = Detectors(plan.runnable)

    def run(self) -> None:
        """All cells, model by model. Errors become outcomes; only an interrupt or a full disk ends the run."""
        done = {id: found for id, found in self.folder.outcomes().items() if not _to_be_tried_again(found)}
        for name, group in groupby(self.plan.cells, key=lambda cell: cell.model.name):
            cells = list(group)
            made: dict[str, list[Outcome]] = {}
            if self.until:
                cells, made = self.until.settled(cells, self._cell)
            worked = False  # what was spent on this model before this session is then not all
            for cell in cells:
                if cell.id not in done or (worked and _counts_energy(cell)) or not self._stands(cell, done[cell.id]):
                    self._record(cell, made.get(cell.id))
                    worked |= cell.because is None
                else:
                    self._hear(cell, done[cell.id])
            self._leave(self._benches.pop(name, None))
            self.account.forget()
        self._cross()

    def _stands(self, cell: Cell, outcomes: Sequence[Outcome]) -> bool:
        """Whether scores on record are of the probe, model, data, lens and benchmark as they are now; else made again.

        Nothing says of what a cell without a score was, so it stands only where the plan left it out.
        """
        scores = [o for o in outcomes if isinstance(o, Score)]
        if not scores:
            return cell.because is not None
        try:
            bench = self.bench(cell.model)
            lens = self.lens(cell.lens, bench.data) if cell.lens else None
            benchmark = self.dataset(cell.benchmark).digest if cell.benchmark else ""
        except RunBroken:
            raise
        except Exception:
            return False
        seen = splits_digest(bench.data), lens.digest if lens else "", benchmark
        p = scores[0].provenance
        was = p.probe_version, p.model_digest, p.dataset_digest, p.lens_digest, p.benchmark_digest
        return was == (cell.probe.version, bench.model.digest, *seen)

    def _record(self, cell: Cell, made: list[Outcome] | None) -> None:
        """Runs a cell, unless a look has just done so, and keeps its outcomes."""
        if cell.because is not None:
            self.folder.append_outcome(cell.id, [skipped(cell, cell.because)])
            return
        outcomes = self._cell(cell) if made is None else made
        self.folder.append_outcome(cell.id, outcomes)
        self._hear(cell, outcomes)
        if isinstance(self._benches[cell.model.name], Bench):  # else it was said once for all
            self._tell(cell, outcomes)

    def _hear(self, cell: Cell, outcomes: Sequence[Outcome]) -> None:
        """Keeps what a detector was shown, as the models' detectors are asked about each other in the end."""
        if not self._detectors.wants(cell, outcomes):
            return
        try:
            bench = self.bench(cell.model)
            lens = self.lens(cell.lens, bench.data) if cell.lens else None
            needs = [need for need in cell.probe.needs if need.role in ("generated", "held_out")]
            self._detectors.note(cell, *(bench.evidence(need, cell, lens, self._given(cell)) for need in needs))
        except RunBroken:
            raise
        except Exception as error:
            self.voice.warn(f"{cell.model.name}: its outputs are in no table of detectors: {error}")

    def _cross(self) -> None:
        """Asks each model's detector about the others' outputs."""
        try:
            with self.account.ledger.stage("probe"):
                self._detectors.tell(self.folder)
        except RunBroken:
            raise
        except Exception as error:
            self.voice.warn(f"detectors cannot be asked about other models: {type(error).__name__}: {error}")

    def bench(self, planned: PlannedModel) -> Bench:
        """The model, loaded or fitted, on its data; kept while its cells last, and so is an error in making it."""
        if planned.name not in self._benches:
            try:
                data = self.dataset(planned.data)
                self.voice.say(f"{planned.name}: {planned.entry.id} on {planned.data}")
                model = build_model(planned, data, self.device, self.account, self.voice)
            except Exception as error:
                self.voice.warn(f"{planned.name}: {type(error).__name__}: {error}")
                self._benches[planned.name] = error
            else:
                self._introduce(model)
                self._benches[planned.name] = Bench(model, data, self.account, self.voice, self.plan.suite.batch)
        return _or_raise(self._benches[planned.name])

    def _cell(self, cell: Cell) -> list[Outcome]:
        try:
            bench = self.bench(cell.model)
            lens = self.lens(cell.lens, bench.data) if cell.lens else None
            given = self._given(cell)
            evidence = [bench.evidence(need, cell, lens, given) for need in cell.probe.needs]
            chance: Mapping[str, Any] = {"rng": stream(cell.seed, cell.probe.id)} if cell.probe.wants_rng else {}
            with self.account.ledger.stage("probe", model=cell.model.name):
                estimates = cell.probe.function(*evidence, **cell.settings, **chance)
            where = self.folder.header.environment
            outcomes = scored(cell, estimates, Setting(bench.model, bench.data, lens, given.benchmark, where))
            recordable(outcomes)
        except RunBroken:
            raise
        except Exception as error:
            return [broken(cell, error)]
        try:
            self._render(cell, bench, lens, given, outcomes)
        except RunBroken:
            raise
        except Exception as error:
            self.voice.warn(f"{cell.model.name}: an item cannot be shown: {type(error).__name__}: {error}")
        return outcomes

    def dataset(self, name: str) -> Dataset:
        """The suite's dataset of that name, read once per run; an error in reading it is kept as well."""
        if name not in self._datasets:
            try:
                data = load_dataset(self.plan.suite, name)
            except Exception as error:
                self._datasets[name] = error
            else:
                self._datasets[name] = data
                for spoiled in data.quarantined:
                    self.voice.warn(f"{name}: set aside {spoiled.path}: {spoiled.reason}")
                self.folder.append_event("data", **_card(data))
        return _or_raise(self._datasets[name])

    def lens(self, planned: PlannedLens, data: Dataset) -> BuiltLens:
        """The lens as learned on this dataset, once per run."""
        key = (repr((planned.id, sorted(planned.settings.items()))), data.name)
        if key not in self._lenses:
            try:
                self._lenses[key] = build_lens(planned, data, self.plan.suite.seed, self.device, self.account)
            except Exception as error:
                self._lenses[key] = error
        return _or_raise(self._lenses[key])

    def _given(self, cell: Cell) -> Given:
        return Given(self._grid, self.dataset(cell.benchmark) if cell.benchmark else None)

    @cached_property
    def _grid(self) -> Grid:
        """Read once: intensities may lie in a file."""
        return grid(self.plan.suite.meters.place)

    def _introduce(self, model: BuiltModel) -> None:
        planned = model.planned
        self.folder.append_event(
            "model",
            name=planned.name,
            family=planned.entry.id,
            data=planned.data,
            settings=dict(planned.settings),
            digest=model.digest,
            fit=model.fit,
            after_fit=planned.after_fit,
            about=planned.entry.summary,
        )
        if isinstance(model.object, Remote):
            self.folder.append_event("vouched", owner=planned.name, **model.object.vouched())

    def _leave(self, bench: Bench | Exception | None) -> None:
        """Keeps what a model elsewhere has taken, and a judge elsewhere so far: no meter here has seen it."""
        if isinstance(bench, Bench) and isinstance(bench.model.object, Remote):
            self.folder.append_event("remote", owner=bench.model.planned.name, **bench.model.object.spent())
        for lens in self._lenses.values():
            if isinstance(lens, BuiltLens) and isinstance(lens.object, Remote):
                self.folder.append_event("remote", owner=lens.planned.id, **lens.object.spent())

    def _render(self, cell: Cell, bench: Bench, lens: BuiltLens | None, given: Given, outcomes: list[Outcome]) -> None:
        """Keeps pictures or excerpts of what a reader will want to see."""
        pointed = exhibited(outcomes)
        for index in sorted(item.index for item in pointed if item.role == "benchmark"):
            owner = _owner("benchmark", cell)
            if self.folder.rendering(owner, "benchmark", index) is None:
                self.folder.keep_rendering(owner, "benchmark", index, bench.excerpt(cell, given, index))
        wanted = {(item.role, item.index) for item in pointed if item.role != "benchmark"}
        if lens is None and wanted and (usual := self.plan.lenses.get(cell.model.modality)):
            lens = self.lens(usual, bench.data)
        if lens is None or not isinstance(lens.object, Renders):
            return
        shown = {need.role for need in cell.probe.needs} & {"generated", "held_out"}
        wanted |= {(role, i) for role in shown for i in range(GALLERY) if cell.lens}
        for role, pairs in groupby(sorted(wanted), key=lambda pair: pair[0]):
            items = bench.items(role, cell, lens, given).items
            owner = _owner(role, cell)
            for _, index in pairs:
                if index < len(items) and self.folder.rendering(owner, role, index) is None:
                    self.folder.keep_rendering(owner, role, index, lens.object.render(items[index]))

    def _tell(self, cell: Cell, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Failed):
                self.voice.warn(f"{cell.model.name}: {cell.probe.id} failed: {outcome.error}")
        self.voice.say(f"  {cell.probe.id:<24} {headline(outcomes)}")


def _counts_energy(cell: Cell) -> bool:
    return any(need.kind is Energy for need in cell.probe.needs)


def _to_be_tried_again(outcomes: Sequence[Outcome]) -> bool:
    """What failed may work now, and what was refused while running may have what it needs."""
    return any(isinstance(o, Failed) or (isinstance(o, Skipped) and not o.planned and not o.metric) for o in outcomes)


def _owner(role: str, cell: Cell) -> str:
    model = cell.model
    return rendering_owner(role, dataset=model.data, model=model.name, asked=(cell.probe.id, cell.benchmark or ""))


def _card(data: Dataset) -> dict[str, Any]:
    return {
        "name": data.name,
        "modality": data.modality,
        "licence": data.licence,
        "source": data.source,
        "digest": data.digest,
        "counts": {split: len(data.indices(split)) for split in SPLITS},
        "groups": list(data.groups.names) if data.groups else [],
        "facts": data.facts,
        "quarantined": [asdict(q) for q in data.quarantined],
    }


def _or_raise(kept: T | Exception) -> T:
    if isinstance(kept, Exception):
        raise kept
    return kept
