"""From a probe's estimates to outcomes with provenance."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genbench.core.catalogue import catalogue, find
from genbench.core.data import SPLITS, Dataset
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Sweep
from genbench.core.model import Translator
from genbench.core.score import (
    Absent,
    Environment,
    Estimate,
    Estimates,
    Failed,
    ItemRef,
    Metric,
    Outcome,
    Provenance,
    Score,
    Skipped,
)
from genbench.core.settings import settings_of, with_defaults
from genbench.run.build import BuiltLens, BuiltModel, splits_digest
from genbench.run.plan import Cell


@dataclass(frozen=True)
class Setting:
    """What a cell's probe looked at, for provenance."""

    model: BuiltModel
    data: Dataset
    lens: BuiltLens | None
    benchmark: Dataset | None
    environment: Environment


def scored(cell: Cell, estimates: Estimates, at: Setting) -> list[Outcome]:
    """One outcome per metric the probe declares. A missing or undeclared metric is a `ValueError`."""
    declared, returned = set(cell.probe.spec.reports), set(estimates)
    if declared != returned:
        raise ValueError(
            f"{cell.probe.id} declares {sorted(declared)} and returned {sorted(returned)}; "
            "a metric with nothing to say is returned as Absent(because)"
        )
    provenance = _provenance(cell, at)
    titles: Mapping[str, str] = at.lens.object.__genbench__.titles if at.lens else {}
    outcomes: list[Outcome] = []
    for name, metric in cell.probe.spec.reports.items():
        found = estimates[name]
        if isinstance(found, Absent):
            outcomes.append(skipped(cell, found.because, name))
        else:
            title = titles.get(f"{cell.probe.id}.{name}") or title_of(cell, name, metric)
            outcomes.append(_score(cell, name, title, metric, found, provenance))
    return outcomes


def _provenance(cell: Cell, at: Setting) -> Provenance:
    return Provenance(
        probe=cell.probe.id,
        probe_version=cell.probe.version,
        settings=dict(cell.settings),
        model=at.model.planned.name,
        model_digest=at.model.digest,
        dataset=at.data.name,
        dataset_digest=splits_digest(at.data),
        lens=at.lens.planned.id if at.lens else "",
        lens_digest=at.lens.digest if at.lens else "",
        seed=cell.seed,
        dtype=precision(at.model.planned.settings),
        environment=at.environment,
        benchmark=at.benchmark.name if at.benchmark else "",
        benchmark_digest=at.benchmark.digest if at.benchmark else "",
        reference=_reference(cell, at.data),
        asked=cell.wanted,
        after_fit=at.model.planned.after_fit,
    )


def precision(settings: Mapping[str, Any]) -> str:
    """The `dtype` of a model's settings; of a model around another one, that of the innermost; "float32" by default."""
    within = settings.get("of", settings.get("family"))
    if "dtype" in settings or not isinstance(within, str) or within not in catalogue("model"):
        return str(settings.get("dtype", "float32"))
    known = settings_of(find("model", within).load())
    return precision(with_defaults(known, settings.get("settings") or {}))


def _reference(cell: Cell, data: Dataset) -> dict[str, int]:
    """How many items of each split the probe was shown, where that is a part of it.

    What is swept is held out too, but for a translator, which takes as many as it makes outputs.
    """
    shown = {need.role for need in cell.probe.needs}
    if any(need.kind is Sweep for need in cell.probe.needs) and not issubclass(cell.model.capabilities, Translator):
        shown.add("held_out")
    sizes = {split: len(data.indices(split)) for split in SPLITS if split in shown}
    limits = {split: cell.limits.get(split) for split in sizes}
    return {split: limit for split, limit in limits.items() if limit is not None and limit < sizes[split]}


def _score(cell: Cell, name: str, title: str, metric: Metric, estimate: Estimate, provenance: Provenance) -> Score:
    return Score(
        cell.probe.id, name, cell.model.name, provenance.dataset, provenance.lens, title, metric, estimate, provenance
    )


def title_of(cell: Cell, name: str, metric: Metric) -> str:
    """The metric's own title, or its name in words."""
    return metric.title or f"{cell.probe.id.split('.')[1]}: {name}".replace("_", " ")


def skipped(cell: Cell, because: str, metric: str = "") -> Skipped:
    """Planned where the cell itself says so: nothing was tried."""
    lens = cell.lens.id if cell.lens else ""
    planned = cell.because is not None
    return Skipped(cell.probe.id, cell.model.name, cell.model.data, lens, because, metric, planned)


def broken(cell: Cell, error: Exception) -> Outcome:
    """Skipped where the error says that there is nothing to measure, else Failed with its traceback."""
    if isinstance(error, NotApplicable):
        return skipped(cell, str(error))
    told = "".join(traceback.format_exception(error))
    line = f"{type(error).__name__}: {error}".strip()
    return Failed(cell.probe.id, cell.model.name, cell.model.data, cell.lens.id if cell.lens else "", line, told)


def exhibited(outcomes: list[Outcome]) -> set[ItemRef]:
    """Every item that the outcomes point at."""
    return {
        item
        for outcome in outcomes
        if isinstance(outcome, Score)
        for exhibit in outcome.estimate.detail.exhibits
        for item in exhibit.items
    }


def headline(outcomes: list[Outcome]) -> str:
    """A cell in one line: its first score, alarms before others; or why there is none."""
    scores = [outcome for outcome in outcomes if isinstance(outcome, Score)]
    if scores:
        first = min(scores, key=lambda score: (score.state != "alarm", score.definition.context))
        interval = first.estimate.interval
        reach = f" [{interval.low:.4g}, {interval.high:.4g}]" if interval else ""
        state = {"alarm": "  ALARM", "unsure": "  cannot tell"}.get(first.state, "")
        return f"{first.metric} {first.estimate.value:.4g}{reach}{state}"
    first_reason = next(iter(outcomes), None)
    return f"failed: {first_reason.error}" if isinstance(first_reason, Failed) else f"skipped: {_because(first_reason)}"


def _because(outcome: Outcome | None) -> str:
    return outcome.because if isinstance(outcome, Skipped) else "nothing to report"
