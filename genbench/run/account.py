"""Makes a thing once, keeps it under the hash of all that made it, and charges what it cost to whom it was for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeVar, cast

from genbench.core.digest import digest
from genbench.core.errors import RunBroken
from genbench.core.evidence import Energy, Stage
from genbench.meters.grid import Grid
from genbench.meters.ledger import Ledger
from genbench.results.store import Cache, RunFolder

T = TypeVar("T")

# What a model spends is its own; the rest is what the instrument spends on looking at it.
MODEL_STAGES = ("train", "sample", "score")


class Account:
    """Cache, ledger and run folder seen as one: `make` returns what is kept, or makes, meters and keeps it.

    counts: whether floating-point operations are counted, see `genbench.run.compute`.
    """

    def __init__(self, cache: Cache, ledger: Ledger, folder: RunFolder, *, counts: bool = False) -> None:
        self.cache, self.ledger, self.folder, self.counts = cache, ledger, folder, counts
        self._memo: dict[str, Any] = {}
        self._broken: dict[str, Exception] = {}
        self._told: set[tuple[str, str]] = set()
        self._charged: dict[tuple[str, str], Stage] = {
            (str(event["owner"]), str(event["key"])): Stage.read(event["stage"]) for event in folder.events("cost")
        }

    def make(
        self, recipe: Any, stage: str, owner: str, work: Callable[[], T], samples: int = 0, share: float = 1.0
    ) -> T:
        """What `work` returns, made at most once per recipe: across cells, runs and resumptions.

        recipe: everything that determines the result, in plain values. An error is kept for this run, so that ten
        probes that need the same broken evidence do not try ten times. share: how much of a thing made earlier is used
        now, and so how much of its cost is charged.
        """
        key = digest(recipe)
        if key in self._broken:
            raise self._broken[key]
        if key not in self._memo:
            self._memo[key] = self.cache.get(key)
        if self._memo[key] is not None:
            self._charge_earlier(key, owner, share)
        else:
            try:
                with self.ledger.stage(stage, model=owner, samples=samples) as spent:
                    made = work()
                self.cache.put(key, made, cost=spent.stage)
            except RunBroken:
                raise
            except Exception as error:
                self._broken[key] = error
                raise
            self._charge(key, owner, spent.stage)
            self._memo[key] = made
        return cast(T, self._memo[key])

    def grow(self, recipe: Any, n: int, stage: str, owner: str, work: Callable[[int, int], list[T]]) -> list[T]:
        """The first n of a list whose i-th element depends on i alone: what was ever made of it is not made again.

        recipe: what determines the list, however long. work(start, stop): elements start ... stop - 1. The list is kept
        in pieces that end where someone once asked, so that 1,000 after 500 makes 500, and 300 after that none.
        """
        ends: list[int] = self.cache.get(digest(["ends", recipe])) or []
        made: list[T] = []
        for end in ends:
            start = len(made)
            if start >= n or not self.has([recipe, start, end]):
                break
            piece = partial(work, start, end)
            share = min(1.0, (n - start) / (end - start))
            made += self.make([recipe, start, end], stage, owner, piece, end - start, share)
        if (start := len(made)) < n:
            made += self.make([recipe, start, n], stage, owner, partial(work, start, n), n - start)
            self.cache.put(digest(["ends", recipe]), [*(end for end in ends if end <= start), n])
        return made[:n]

    def spend(self, recipe: Any, stage: str, owner: str, work: Callable[[], T]) -> T:
        """What `work` returns, metered and charged; for what cannot be kept and is done anew by every run."""
        with self.ledger.stage(stage, model=owner) as spent:
            made = work()
        self._charge(digest(recipe), owner, spent.stage)
        return made

    def tell_compute(self, owner: str, what: str, found: Mapping[str, Any]) -> None:
        """Keeps what was counted of a model: its parameters, or the operations of its training or sampling."""
        if (owner, what) not in self._told:
            self._told.add((owner, what))
            self.folder.append_event("compute", model=owner, what=what, **found)

    def forget(self) -> None:
        """Drops what is held in memory; the cache on disk keeps it."""
        self._memo.clear()

    def has(self, recipe: Any) -> bool:
        return self.cache.has(digest(recipe))

    def energy(self, owner: str, grid: Grid) -> Energy:
        """What this model has used, in this run or when its evidence was made, and what looking at it has used here."""
        mine = [stage for (who, _), stage in self._charged.items() if who == owner and stage.name in MODEL_STAGES]
        looks = [s for who, s in self.folder.stages() if who == owner and s.name not in MODEL_STAGES]
        hourly = grid.by_hour(hour for stage in mine for hour, _ in stage.hours)
        return Energy(tuple(mine), tuple(looks), grid.grams_co2e_per_kwh, grid.name, hourly, grid.pue)

    def spent(self) -> dict[str, dict[str, Stage]]:
        """What was charged so far: {owner: {key: stage}}."""
        owners: dict[str, dict[str, Stage]] = {}
        for (owner, key), stage in self._charged.items():
            owners.setdefault(owner, {})[key] = stage
        return owners

    def _charge_earlier(self, key: str, owner: str, share: float) -> None:
        charged = self._charged.get((owner, key))
        if (cost := self.cache.cost(key)) is None:
            return
        cost = replace(_part(cost, share), cached=True)
        if charged is None or cost.samples > charged.samples:  # more of the same is used now
            self._charge(key, owner, cost)

    def _charge(self, key: str, owner: str, stage: Stage) -> None:
        self._charged[owner, key] = stage
        self.folder.append_event("cost", key=key, owner=owner, stage=asdict(stage))


def _part(cost: Stage, share: float) -> Stage:
    """The cost of a part, in proportion: what a stage's every item did cost is not known."""
    if share == 1.0:
        return cost
    joules, low, high = (
        None if amount is None else amount * share for amount in (cost.joules, cost.joules_low, cost.joules_high)
    )
    parts = tuple(
        replace(
            part, joules=part.joules * share, low=part.low * share, high=part.high * share,
            idle=None if part.idle is None else part.idle * share,
        )
        for part in cost.parts
    )  # fmt: skip
    return replace(
        cost, seconds=cost.seconds * share, cpu_seconds=cost.cpu_seconds * share,
        joules=joules, joules_low=low, joules_high=high, samples=round(cost.samples * share), parts=parts,
        hours=tuple((hour, amount * share) for hour, amount in cost.hours),
    )  # fmt: skip
