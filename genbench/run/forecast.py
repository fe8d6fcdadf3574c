"""What a plan will cost, from what the same models cost here before. Nothing is loaded to tell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genbench.core.digest import digest
from genbench.core.evidence import Stage
from genbench.results.store import Cache
from genbench.run.home import Home
from genbench.run.plan import Cell, Plan, PlannedModel


@dataclass(frozen=True)
class Forecast:
    """One model's share: is all of its evidence kept, and how many seconds did making what is not take last time?

    seconds is None where neither this model's fit nor the model as it stands was ever run from this folder. more: the
    plan asks for evidence that was not made before, so that seconds is the least it will take.
    """

    model: str
    kept: bool
    seconds: float | None
    more: bool = False

    @property
    def words(self) -> str:
        if self.seconds is None:
            return "never timed here"
        if self.kept:
            return "a moment"
        if self.more and not self.seconds:
            return "only what was never timed here"
        return f"{'more than' if self.more else 'about'} {_span(self.seconds)}, as last time"


def in_all(forecasts: Sequence[Forecast]) -> str:
    """The whole plan's estimate in one sentence."""
    timed = [f for f in forecasts if f.seconds is not None]
    untimed = len(forecasts) - len(timed)
    seconds = sum(f.seconds or 0.0 for f in timed if not f.kept)
    if not timed:
        return "no model of this plan was timed here yet; the first run will tell"
    least = any(f.more for f in timed)
    known = f"{'more than' if least else 'about'} {_span(seconds)}" if seconds else "a moment"
    if least and not seconds:
        known = "more than a moment"
    open_ended = f", and {untimed} model{'s' if untimed > 1 else ''} never timed here" if untimed else ""
    return f"{known}{open_ended}"


def forecast(plan: Plan, home: Home | None = None) -> list[Forecast]:
    """One forecast per model of the plan. Data that changed on disk since is noticed by the run, not here.

    A fit is known by what it reads and the rest by all settings, so a model whose sampling alone is new keeps the
    forecast of its fit. A fit that two models share is made for the first of them.
    """
    home = home or Home.here()
    hints, cache = _read(home), Cache(home.cache)
    told, fits = [], set()
    for planned in plan.models:
        fit, rest = hints.get(key := _fit(plan, planned)), hints.get(_request(plan, planned))
        if fit is None and rest is None:
            told.append(Forecast(planned.name, kept=False, seconds=None))
            continue
        more = rest is None or not set(_needs(plan, planned)) <= set(rest["needs"])
        open_parts = [part for part in (fit if key not in fits else None, rest) if part and not _kept(part, cache)]
        fits.add(key)
        kept = not more and not open_parts
        told.append(Forecast(planned.name, kept, float(sum(part["seconds"] for part in open_parts)), more))
    return told


def remember(plan: Plan, home: Home, spent: Mapping[str, Mapping[str, Stage]]) -> None:
    """Notes for later forecasts what each model's evidence cost: {model: {cache key: stage}}."""
    hints = _read(home)
    for planned in plan.models:
        stages = spent.get(planned.name, {})
        fit = {key: stage for key, stage in stages.items() if stage.name == "train"}
        if fit:
            hints[_fit(plan, planned)] = _hint(fit, [])
        if stages:
            rest = {key: stage for key, stage in stages.items() if key not in fit}
            hints[_request(plan, planned)] = _hint(rest, _needs(plan, planned))
    path = home.root / "forecast.json"
    path.with_suffix(".new").write_text(json.dumps(hints, indent=1))
    path.with_suffix(".new").replace(path)


def _hint(stages: Mapping[str, Stage], needs: list[str]) -> dict[str, Any]:
    return {"keys": sorted(stages), "seconds": sum(stage.seconds for stage in stages.values()), "needs": needs}


def _kept(hint: Mapping[str, Any], cache: Cache) -> bool:
    return all(cache.has(key) for key in hint["keys"])


def _fit(plan: Plan, planned: PlannedModel) -> str:
    """Names what a fit reads: no setting of sampling, and no number of samples."""
    return digest("fit", planned.entry.id, planned.entry.code, planned.of_fit, _data(plan, planned), planned.seed)


def _request(plan: Plan, planned: PlannedModel) -> str:
    """Names the model as it is sampled and looked at."""
    of = planned.entry.id, planned.entry.code, planned.settings, planned.seed
    return digest(*of, _data(plan, planned), plan.suite.n, plan.suite.seed)


def _data(plan: Plan, planned: PlannedModel) -> Any:
    return plan.suite.data[planned.data].model_dump(mode="json") if planned.data else None


def _needs(plan: Plan, planned: PlannedModel) -> list[str]:
    """The evidence that the plan's cells ask of a model, each piece named."""
    cells = [cell for cell in plan.runnable if cell.model is planned]
    return sorted({f"{cell.n} {n.role} {n.kind.__name__} {_seen(cell)}" for cell in cells for n in cell.probe.needs})


def _seen(cell: Cell) -> str:
    return digest(cell.lens.id, cell.lens.settings)[:12] if cell.lens else "-"


def _read(home: Home) -> dict[str, dict[str, Any]]:
    """What earlier runs noted; a file that is torn, foreign or of an older form is as good as none."""
    path = home.root / "forecast.json"
    try:
        hints = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    kept = hints.items() if isinstance(hints, dict) else ()
    return {key: hint for key, hint in kept if isinstance(hint, dict) and {"keys", "seconds", "needs"} <= set(hint)}


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
