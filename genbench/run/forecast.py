"""What a plan will cost, from what the same models cost here before. Nothing is loaded to tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genbench.core.digest import digest
from genbench.core.evidence import Stage
from genbench.results.store import Cache
from genbench.run.home import Home
from genbench.run.plan import Plan, PlannedModel


@dataclass(frozen=True)
class Forecast:
    """One model's share: is all of its evidence kept, and how many seconds did making it take last time?

    seconds is None where this model, as it stands, was never run from this folder.
    """

    model: str
    kept: bool
    seconds: float | None

    @property
    def words(self) -> str:
        if self.seconds is None:
            return "never timed here"
        return "a moment" if self.kept else f"about {self.seconds:.0f} s, as last time"


def forecast(plan: Plan, home: Home | None = None) -> list[Forecast]:
    """One forecast per model of the plan. Data that changed on disk since is noticed by the run, not here."""
    home = home or Home.here()
    hints, cache = _read(home), Cache(home.cache)
    told = []
    for planned in plan.models:
        hint = hints.get(_request(plan, planned))
        kept = bool(hint) and all(cache.has(key) for key in (hint or {})["keys"])
        told.append(Forecast(planned.name, kept, hint["seconds"] if hint else None))
    return told


def remember(plan: Plan, home: Home, spent: Mapping[str, Mapping[str, Stage]]) -> None:
    """Notes for later forecasts what each model's evidence cost: {model: {cache key: stage}}."""
    hints = _read(home)
    for planned in plan.models:
        if stages := spent.get(planned.name):
            seconds = sum(stage.seconds for stage in stages.values())
            hints[_request(plan, planned)] = {"keys": sorted(stages), "seconds": seconds}
    path = home.root / "forecast.json"
    path.with_suffix(".new").write_text(json.dumps(hints, indent=1))
    path.with_suffix(".new").replace(path)


def _request(plan: Plan, planned: PlannedModel) -> str:
    data = plan.suite.data[planned.data].model_dump(mode="json") if planned.data else None
    return digest(planned.entry.id, planned.entry.code, planned.settings, data, planned.seed, plan.suite.n)


def _read(home: Home) -> dict[str, dict[str, Any]]:
    path = home.root / "forecast.json"
    try:
        hints: dict[str, dict[str, Any]] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return hints
