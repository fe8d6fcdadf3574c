"""From a probe's estimates to outcomes with provenance."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable
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
from genbench.run.build import BuiltLens, BuiltModel
from genbench.run.plan import Cell


def scored(
    cell: Cell, estimates: Estimates, model: BuiltModel, data: Dataset, lens: BuiltLens | None, where: Environment
) -> list[Outcome]:
    """One outcome per metric the probe declares. A missing or undeclared metric is a `ValueError`."""
    declared, returned = set(cell.probe.spec.reports), set(estimates)
    if declared != returned:
        raise ValueError(
            f"{cell.probe.id} declares {sorted(declared)} and returned {sorted(returned)}; "
            "a metric with nothing to say is returned as Absent(because)"
        )
    provenance = Provenance(
        probe=cell.probe.id,
        probe_version=cell.probe.version,
        settings=dict(cell.settings),
        model=model.planned.name,
        model_digest=model.digest,
        dataset=data.name,
        dataset_digest=data.digest,
        lens=lens.planned.id if lens else "",
        lens_digest=lens.digest if lens else "",
        seed=cell.seed,
        dtype=str(model.planned.settings.get("dtype", "float32")),
        environment=where,
    )
    titles: Mapping[str, str] = lens.planned.capabilities.__genbench__.titles if lens else {}  # type: ignore[attr-defined]
    outcomes: list[Outcome] = []
    for name, metric in cell.probe.spec.reports.items():
        found = estimates[name]
        if isinstance(found, Absent):
            outcomes.append(skipped(cell, found.because, name))
        else:
            title = titles.get(f"{cell.probe.id}.{name}") or title_of(cell, name, metric)
            outcomes.append(_score(cell, name, title, metric, found, provenance))
    return outcomes


def _score(cell: Cell, name: str, title: str, metric: Metric, estimate: Estimate, provenance: Provenance) -> Score:
    return Score(
        cell.probe.id, name, cell.model.name, provenance.dataset, provenance.lens, title, metric, estimate, provenance
    )


def title_of(cell: Cell, name: str, metric: Metric) -> str:
    """The metric's own title, or its name in words."""
    return metric.title or f"{cell.probe.id.split('.')[1]}: {name}".replace("_", " ")


def skipped(cell: Cell, because: str, metric: str = "") -> Skipped:
    return Skipped(cell.probe.id, cell.model.name, cell.model.data, cell.lens.id if cell.lens else "", because, metric)


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
