"""Makes a thing once, keeps it under the hash of all that made it, and charges what it cost to whom it was for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from genbench.core.digest import digest
from genbench.core.evidence import Energy, Stage
from genbench.meters.grid import Grid
from genbench.meters.ledger import Ledger
from genbench.results.store import Cache, RunFolder

T = TypeVar("T")

# What a model spends is its own; the rest is what the instrument spends on looking at it.
MODEL_STAGES = ("train", "sample", "score")


class Account:
    """Cache, ledger and run folder seen as one: `make` returns what is kept, or makes, meters and keeps it."""

    def __init__(self, cache: Cache, ledger: Ledger, folder: RunFolder) -> None:
        self.cache, self.ledger, self.folder = cache, ledger, folder
        self._memo: dict[str, Any] = {}
        self._broken: dict[str, Exception] = {}
        self._charged: dict[str, tuple[str, Stage]] = {
            str(event["key"]): (str(event["owner"]), Stage(**event["stage"])) for event in folder.events("cost")
        }

    def make(self, recipe: Any, stage: str, owner: str, work: Callable[[], T], samples: int = 0) -> T:
        """What `work` returns, made at most once per recipe: across cells, runs and resumptions.

        recipe: everything that determines the result, in plain values. An error is kept for this run, so that ten
        probes that need the same broken evidence do not try ten times.
        """
        key = digest(recipe)
        if key in self._broken:
            raise self._broken[key]
        if key not in self._memo:
            self._memo[key] = self._kept(key, owner)
        if self._memo[key] is None:
            try:
                with self.ledger.stage(stage, model=owner, samples=samples) as spent:
                    made = work()
            except Exception as error:
                self._broken[key] = error
                raise
            self.cache.put(key, made, cost=spent.stage)
            self._charge(key, owner, spent.stage)
            self._memo[key] = made
        return cast(T, self._memo[key])

    def forget(self) -> None:
        """Drops what is held in memory; the cache on disk keeps it."""
        self._memo.clear()

    def has(self, recipe: Any) -> bool:
        return self.cache.has(digest(recipe))

    def energy(self, owner: str, grid: Grid) -> Energy:
        """What this model has used, whether in this run or when its evidence was made."""
        mine = [stage for who, stage in self._charged.values() if who == owner and stage.name in MODEL_STAGES]
        now = [s for model, s in self.ledger.stages if model != owner or s.name not in MODEL_STAGES]
        known = [s.joules for s in now if s.joules is not None]
        return Energy(tuple(mine), grid.grams_co2e_per_kwh, grid.name, sum(known) if known else None)

    def spent(self) -> dict[str, dict[str, Stage]]:
        """What was charged so far: {owner: {key: stage}}."""
        owners: dict[str, dict[str, Stage]] = {}
        for key, (owner, stage) in self._charged.items():
            owners.setdefault(owner, {})[key] = stage
        return owners

    def _kept(self, key: str, owner: str) -> Any:
        kept = self.cache.get(key)
        if kept is not None and key not in self._charged and (cost := self.cache.cost(key)):
            self._charge(key, owner, replace(cost, cached=True))
        return kept

    def _charge(self, key: str, owner: str, stage: Stage) -> None:
        self._charged[key] = (owner, stage)
        self.folder.append_event("cost", key=key, owner=owner, stage=vars(stage))
