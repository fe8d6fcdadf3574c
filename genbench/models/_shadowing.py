"""A model trained beside shadow models of its kind, each of which learns from half of the items: the way it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from genbench.core.catalogue import find
from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item, Split
from genbench.core.digest import digest
from genbench.core.errors import ModelError
from genbench.core.evidence import ShadowLogProbs
from genbench.core.inner import Family
from genbench.core.model import Fittable, History, Persistent, Placeable, Training
from genbench.stats.lira import halves


class TrainsShadows:
    """The model that `family` with `settings` would be, and `models` others, each fitted on half of train + held-out.

    The others come in twos that share the items between them, equal items on one side, so each item is inside half of
    them. They stop on the reserve split where there is one, else on the half they do not learn from.
    """

    scores: ClassVar[type]  # the capability by which the models score items

    def __init__(self, *, family: Family, settings: dict[str, Any] | None = None, models: int = 8) -> None:
        self.entry, self.settings, self.models = find("model", family), dict(settings or {}), models
        if models < 4 or models % 2:
            raise ModelError(
                f"shadows come in twos, 4 at least, so that an item is inside and outside two; got {models}"
            )
        cls = self.entry.load()
        if lacking := [p.__name__ for p in (Fittable, self.scores, Persistent) if not issubclass(cls, p)]:
            raise ModelError(f"shadows of {family!r}: it is no {lacking[0]}, so it cannot be trained and compared here")
        self.device = "cpu"
        self.fitted: list[Any] = []  # the model itself, then its shadows
        self.pool: dict[str, int] = {}  # what names an item -> its column in `inside`
        self.inside = np.empty((models, 0), dtype=bool)

    def identity(self) -> str:
        """The inner family's code, which this file does not import."""
        return self.entry.code

    def fit(self, data: Dataset, training: Training) -> History:
        known = [int(i) for i in np.concatenate([data.indices("train"), data.indices("held_out")])]
        names = {i: digest(data.items[i]) for i in known}
        for name in names.values():
            self.pool.setdefault(name, len(self.pool))
        self.inside = halves(len(self.pool), self.models, stream(training.seed, "shadows"))
        self.fitted = [self._made()]
        history: History = self.fitted[0].fit(data, training)
        for k, mine in enumerate(self.inside):
            here = np.array([mine[self.pool[names[i]]] for i in known], dtype=bool)
            indices, stop = np.array(known, dtype=np.int64), data.indices("reserve")
            splits: dict[Split, np.ndarray] = {
                "train": indices[here], "held_out": stop if len(stop) else indices[~here]
            }  # fmt: skip
            shadow = self._made()
            shadow.fit(replace(data, splits=splits), replace(training, seed=derive(training.seed, "shadow", k)))
            self.fitted.append(shadow)
        return History(history.ticks, f"{history.ended}; and {self.models} shadow models of half the items each")

    def place(self, device: str) -> None:
        self.device = device
        for model in self.fitted:
            if isinstance(model, Placeable):
                model.place(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        states = [model.state() for model in self.fitted]
        arrays = {f"{k}/{name}": array for k, (held, _) in enumerate(states) for name, array in held.items()}
        return {**arrays, "inside": self.inside}, {"pool": list(self.pool), "models": [meta for _, meta in states]}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.inside = np.asarray(arrays["inside"], dtype=bool)
        self.pool = {name: i for i, name in enumerate(meta["pool"])}
        self.fitted = []
        for k, own in enumerate(meta["models"]):
            model = self._made()
            start = f"{k}/"
            model.restore({n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}, own)
            self.fitted.append(model)

    def _beside(self, items: Sequence[Item], score: Callable[[Any], Float[np.ndarray, " n"]]) -> ShadowLogProbs:
        """The scores of the model and of its shadows, without counts. An item in neither split is inside none."""
        own, *others = [np.asarray(score(model), np.float64) for model in self.fitted]
        columns = [self.pool.get(digest(item), -1) for item in items]
        inside = np.array([[at >= 0 and mine[at] for at in columns] for mine in self.inside], dtype=bool)
        return ShadowLogProbs(own, np.stack(others), inside, {})

    def _made(self) -> Any:
        try:
            model = self.entry.load()(**self.settings)
        except TypeError as error:
            raise ModelError(f"shadows of {self.entry.id!r}: {error}") from error
        if isinstance(model, Placeable):
            model.place(self.device)
        return model
