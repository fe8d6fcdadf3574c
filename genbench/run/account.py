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
        self._charged: dict[tuple[str, str], Stage] = {
            (str(event["owner"]), str(event["key"])): Stage(**event["stage"]) for event in folder.events("cost")
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
            self._memo[key] = self.cache.get(key)
        if self._memo[key] is not None:
            self._charge_earlier(key, owner)
        else:
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
        """What this model has used, in this run or when its evidence was made, and what looking at it has used here."""
        mine = [stage for (who, _), stage in self._charged.items() if who == owner and stage.name in MODEL_STAGES]
        looks = [s for who, s in self.folder.stages() if who == owner and s.name not in MODEL_STAGES]
        return Energy(tuple(mine), tuple(looks), grid.grams_co2e_per_kwh, grid.name)

    def spent(self) -> dict[str, dict[str, Stage]]:
        """What was charged so far: {owner: {key: stage}}."""
        owners: dict[str, dict[str, Stage]] = {}
        for (owner, key), stage in self._charged.items():
            owners.setdefault(owner, {})[key] = stage
        return owners

    def _charge_earlier(self, key: str, owner: str) -> None:
        if (owner, key) not in self._charged and (cost := self.cache.cost(key)):
            self._charge(key, owner, replace(cost, cached=True))

    def _charge(self, key: str, owner: str, stage: Stage) -> None:
        self._charged[owner, key] = stage
        self.folder.append_event("cost", key=key, owner=owner, stage=vars(stage))
