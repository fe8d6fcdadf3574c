"""Each model's log-probabilities as a detector of every model's outputs: tables of a run, made when asked for.

`misuse.likelihood_tell` and `misuse.rank_tell` tell how well a model knows its own outputs. Here the model of a row
scores the outputs of every column beside real items, and the probe's own detector is fitted and judged on these scores.
Beside it stands what the row's detector makes of them as it was fitted on its own model's outputs: who meets outputs of
unknown origin has no other. With k models that is k^2 scorings, so no run makes these tables by itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from genbench.core.chance import stream
from genbench.core.data import Dataset
from genbench.core.errors import DataError, GenBenchError, NotApplicable, ResultsError, RunBroken
from genbench.core.evidence import LogProbs, TokenLogProbs
from genbench.core.model import LACKS, Sampler
from genbench.core.probe import Need
from genbench.meters.grid import grid
from genbench.meters.idle import idle_power
from genbench.meters.ledger import Ledger
from genbench.meters.opening import open_meter
from genbench.results.run import Run
from genbench.results.store import Cache, RunFolder
from genbench.run.account import Account
from genbench.run.authors import Author, of_one_length
from genbench.run.build import build_model
from genbench.run.detectors import EVENT, LEVEL
from genbench.run.device import pick_device
from genbench.run.home import Home
from genbench.run.items import Items
from genbench.run.plan import Cell, PlannedModel, make_plan, requested
from genbench.run.produce import Bench
from genbench.run.requests import ProbeRequest
from genbench.run.roles import unmet
from genbench.run.sources import load_dataset
from genbench.run.suite import Suite
from genbench.run.supply import Given
from genbench.run.voice import Voice
from genbench.stats.tells import FLOOR, Tell, by_likelihood, by_rank, carried, learned, verdict

By: TypeAlias = Literal["likelihood", "rank"]
PROBES: dict[By, str] = {"likelihood": "misuse.likelihood_tell", "rank": "misuse.rank_tell"}
KINDS: dict[By, type] = {"likelihood": LogProbs, "rank": TokenLogProbs}

T = TypeVar("T")


def tell_across(run: Run, by: By, home: Home, voice: Voice) -> None:
    """Adds to the run a table for each dataset that two of its models or more were compared with.

    Its models are loaded one at a time, as the run left them and on its device. Those that differ by now, or give no
    such numbers, are rows with the reason. `ResultsError` where the run is not finished, or no table comes about.
    """
    if run.status != "finished" or not run.path.is_dir():
        raise ResultsError(f"{run.path} is no folder of a finished run, whose models could be asked")
    suite = Suite.from_mapping(run.header.suite)
    n = next((request.n for id, request in requested(suite.probes) if id == PROBES[by]), None)
    plan = make_plan(suite.model_copy(update={"probes": (ProbeRequest(probe=PROBES[by], n=n),)}))
    groups: dict[str, list[Cell]] = {}
    for cell in plan.cells:
        groups.setdefault(cell.model.data, []).append(cell)
    wanted = [group for data, group in groups.items() if data and len(group) > 1]
    if not wanted:
        raise ResultsError(f"{run.path} has no two models on one dataset, so none can be asked about another")
    failed = []
    with run.folder.held():
        run.folder.mend()
        for group in wanted:
            try:
                run.folder.append_event(EVENT, **Asking(run, suite, by, home, voice).table(group))
            except (DataError, ResultsError) as error:
                failed.append(str(error))
                voice.warn(f"no table on {group[0].model.data}: {error}")
    if len(failed) == len(wanted):
        raise ResultsError("; ".join(failed))


class Untrained(Account):
    """Trains nothing: a table is of the models as the run left them."""

    def make(
        self, recipe: Any, stage: str, owner: str, work: Callable[[], T], samples: int = 0, share: float = 1.0
    ) -> T:
        if stage == "train" and not self.has(recipe):
            raise NotApplicable("no weights of it are kept: no probe asked for it, or it has changed since")
        return super().make(recipe, stage, owner, work, samples, share)


@dataclass(frozen=True)
class Row:
    """What the detector goes by, its answers in plain values, and why there are none."""

    detector: str
    cells: list[dict[str, Any] | None]
    because: str = ""


class Asking:
    """One table in the making: every model is asked for its outputs, then for what it makes of all of them."""

    def __init__(self, run: Run, suite: Suite, by: By, home: Home, voice: Voice) -> None:
        self.run, self.suite, self.by, self.home, self.voice = run, suite, by, home, voice
        self.device = pick_device(run.header.environment.device.partition(": ")[0])
        self.given = Given(grid(suite.meters.place))
        self.digests = {str(event["name"]): str(event["digest"]) for event in run.events("model")}

    def table(self, group: Sequence[Cell]) -> dict[str, Any]:
        """The table in plain values. `ResultsError` where no model can be asked."""
        first = group[0]
        with self._books() as (account, spent):
            data = load_dataset(self.suite, first.model.data)
            authors, cut = of_one_length([self._author(cell, data, account) for cell in group])
            rows = [self._row(author, authors, data, account) for author in authors]
        if all(row.because for row in rows):
            why = "; ".join(f"{author.name}: {row.because}" for author, row in zip(authors, rows, strict=True))
            raise ResultsError(f"no model on {first.model.data} can be asked about outputs: {why}")
        return {
            "by": self.by,
            "data": first.model.data,
            "modality": first.model.modality,
            "lens": "",
            "settings": {"lens": {}, "probe": dict(first.settings)},
            "n": first.n,
            "models": [author.name for author in authors],
            "digests": [self.digests.get(author.name, "") for author in authors],
            "detectors": [row.detector for row in rows],
            "because": [row.because for row in rows],
            "cut": cut,
            "floor": FLOOR,
            "level": LEVEL,
            "cells": [row.cells for row in rows],
            "spent": spent,
        }

    @contextmanager
    def _books(self) -> Iterator[tuple[Account, dict[str, Any]]]:
        """Books of its own, as this is no part of what the run did cost. What it took is known once they are closed."""
        meter = open_meter(self.suite.meters.meter, self.voice.warn)
        ledger = Ledger(meter, say=self.voice.warn, idle=idle_power(meter))
        spent: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as scratch:
            with ledger:
                yield Untrained(Cache(self.home.cache), ledger, RunFolder(Path(scratch), self.run.header)), spent
            stages = [stage for _, stage in ledger.stages]
            read = [stage.joules for stage in stages if stage.joules is not None]
            spent |= {
                "seconds": sum(stage.seconds for stage in stages),
                "cpu_seconds": sum(stage.cpu_seconds for stage in stages),
                "joules": sum(read) if read else None,
            }

    def _bench(self, model: PlannedModel, data: Dataset, account: Account) -> Bench:
        """The model as the run left it; nothing holds it but who asked."""
        built = build_model(model, data, self.device, account, self.voice)
        if built.digest != self.digests.get(model.name, built.digest):  # unknown where no probe asked for it
            raise NotApplicable(
                "it is not the model of this run any more: its code, settings, files or packages differ"
            )
        return Bench(built, data, account, self.voice, self.suite.batch)

    def _author(self, cell: Cell, data: Dataset, account: Account) -> Author:
        def drawn() -> Author:
            if not issubclass(cell.model.capabilities, Sampler):
                raise NotApplicable(f"the model {LACKS[Sampler]}")
            bench = self._bench(cell.model, data, account)
            outputs, real = (bench.items(role, cell, None, self.given) for role in ("generated", "held_out"))
            return Author(cell, outputs, real)

        found = self._tried(drawn, cell.model.name)
        account.forget()
        return Author(cell, because=found) if isinstance(found, str) else found

    def _row(self, author: Author, authors: Sequence[Author], data: Dataset, account: Account) -> Row:
        """What this author's model makes of the outputs of all."""
        model = author.cell.model

        def asked() -> Row:
            if because := unmet(Need("held_out", "held_out", KINDS[self.by]), model.capabilities, None, None):
                raise NotApplicable(because)
            bench = self._bench(model, data, account)
            real = next((other.real for other in authors if other.real is not None), None)
            if real is None:
                raise NotApplicable("no model has outputs that it could be asked about")
            known, words = self._said(bench, real, "real items"), ""
            tells: list[Tell | str] = []
            for other in authors:
                found = self._tried(partial(self._fitted, bench, other, known), other.name)
                words = words if isinstance(found, str) else found[1]
                tells.append(found if isinstance(found, str) else found[0])
            return Row(words, self._cells(tells, authors.index(author), author.cell.seed))

        self.voice.say(f"{model.name}: asked about the outputs of {len(authors)} models")
        found = self._tried(asked, model.name)
        account.forget()
        return Row("", [None] * len(authors), found) if isinstance(found, str) else found

    def _fitted(self, bench: Bench, other: Author, known: Any) -> tuple[Tell, str]:
        """A detector of the other's outputs, fitted as the probe fits its own, and the number that it goes by."""
        if other.outputs is None:
            raise NotApplicable(other.because)
        said = self._said(bench, other.outputs, f"outputs of {other.name}")
        if self.by == "rank":
            made, real, words = by_rank(said), by_rank(known), "mean -log rank"
        else:
            made, real, unit = by_likelihood(said, known)
            words = f"nats per {unit}" + ", by a bound" * (said.bound or known.bound)
        return learned(made, real, stream(other.cell.seed, PROBES[self.by])), words

    def _cells(self, tells: Sequence[Tell | str], own: int, seed: int) -> list[dict[str, Any] | None]:
        """Answers that hold jointly, by Bonferroni's inequality: of each column's detector, and of the row's own."""
        k, mine = len(tells), tells[own]
        level = 1 - (1 - LEVEL) / (k * (2 * k - 1))
        cells: list[dict[str, Any] | None] = []
        for j, tell in enumerate(tells):
            if isinstance(tell, str):
                cells.append({"because": tell})
                continue
            found, other = tell.own(level), None
            if j != own and isinstance(mine, Tell):
                other = mine.about(tell.outputs, stream(seed, PROBES[self.by], "across"), level)
            over = None if other is None else {**asdict(other), "verdict": carried(other.joint)}
            cells.append({**asdict(found), "verdict": verdict(found.joint), "carried": over})
        return cells

    def _said(self, bench: Bench, items: Items, label: str) -> Any:
        """The model's log-probabilities of these items, whole or token by token."""
        what = "ranks in" if self.by == "rank" else "log-probabilities of"
        return bench.asked.said(KINDS[self.by], items, f"{what} {label}")

    def _tried(self, work: Callable[[], T], name: str) -> T | str:
        """What the work gives, or why it gives nothing: a table is not lost with one of its models."""
        try:
            return work()
        except RunBroken:
            raise
        except GenBenchError as error:
            return str(error)
        except Exception as error:
            self.voice.warn(f"{name}: {type(error).__name__}: {error}")
            return f"{type(error).__name__}: {error}"
