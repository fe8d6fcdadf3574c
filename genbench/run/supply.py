"""The items of every role: the data's, those given in a model's place, or drawn as far as they never were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Int

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Item, Split
from genbench.core.digest import digest
from genbench.core.model import Between, Perturbable, Translator
from genbench.meters.grid import Grid
from genbench.run.asked import Asked
from genbench.run.build import BuiltLens, splits_digest
from genbench.run.compute import count_sampling
from genbench.run.inquiry import Inquiry, middle, of_benchmark
from genbench.run.items import Items, numbered
from genbench.run.plan import Cell
from genbench.run.roles import FROM_DATA, NUDGE


@dataclass(frozen=True)
class Given:
    """What a run gives every bench: the grid, and the benchmark a cell names."""

    grid: Grid
    benchmark: Dataset | None = None


class Supply:
    """One model with its data: whose items, made how, every role stands for."""

    def __init__(self, asked: Asked, data: Dataset) -> None:
        self.asked, self.data = asked, data
        self.model, self.account, self.voice = asked.model, asked.account, asked.voice

    @property
    def name(self) -> str:
        return self.model.planned.name

    def items(self, role: str, cell: Cell, lens: BuiltLens | None, given: Given) -> Items:
        """The items of a role. lens: moves them, where the role says that they are moved."""
        if role in FROM_DATA:
            return self._real(cast(Split, role), cell.limits.get(role), self._domain(1))
        if self.model.outputs is not None and role == "generated":
            items = self.model.outputs[: cell.n]
            if len(items) < cell.n:
                self.voice.warn(f"{self.name}: {len(items)} outputs given, {cell.n} asked for")
            return Items(items, numbered(role, len(items)), ["given", self.model.digest], self.name)
        if role == "answered":
            asked = self.inquiry(cell, given)
            source = ["answers", self.model.digest, asked.source, cell.seed]
            return Items(self.asked.answers(asked, cell.seed), asked.keys, source, self.name)
        if isinstance(self.model.object, Translator):
            return self._translated(role, cell, lens)
        if role == "generated" or isinstance(self.model.object, Perturbable):
            return self._sampled(role, cell)
        assert lens is not None  # the plan let no such cell through
        return self._completed(role, cell, lens)

    def inquiry(self, cell: Cell, given: Given) -> Inquiry:
        """What a cell asks of its benchmark."""
        assert given.benchmark is not None  # the plan let no such cell through
        return of_benchmark(given.benchmark, cell.seed, cell.asked)

    def indices(self, split: Split, cell: Cell) -> Int[np.ndarray, " n"]:
        """Places in the data of just the items that the role of the split holds."""
        return self._first(split, cell.limits.get(split), self._domain(1))

    def _real(self, split: Split, limit: int | None, group: str | None) -> Items:
        """The first `limit` items of a split, or of that group's in it."""
        indices = self._first(split, limit, group)
        keys = tuple(self.data.keys[int(i)] for i in indices)
        source = [splits_digest(self.data), split, limit, *([group] if group is not None else [])]
        return Items([self.data.items[int(i)] for i in indices], keys, source)

    def _first(self, split: Split, limit: int | None, group: str | None) -> Int[np.ndarray, " n"]:
        indices = self.data.indices(split)
        if group is not None and self.data.groups is not None:
            indices = indices[self.data.labels(split) == self.data.groups.names.index(group)]
        return indices[:limit]

    def _domain(self, side: int) -> str | None:
        """The group of the data that a translator goes from (0) or to (1); None where it has none."""
        return self.model.object.between()[side] if isinstance(self.model.object, Between) else None

    def _translated(self, role: str, cell: Cell, lens: BuiltLens | None) -> Items:
        """A translator's roles: held-out items of its first domain, what it makes of them, and the way back."""
        inputs = self._real("held_out", cell.n, self._domain(0))
        if role == "source":
            return inputs
        model = self.model.object
        work, given_items = model.translate, inputs.items
        source = ["translated", self.model.digest, inputs.source]
        if role in ("cycled", "moved", "recycled"):
            made = self._translated("generated", cell, lens)
            work, given_items = model.translate_back, made.items
            source = ["translated back", made.source]
        if role == "perturbed":
            assert lens is not None  # the plan let no such cell through
            given_items = lens.object.perturb(given_items, stream(cell.seed, "perturb", lens.planned.id), NUDGE)
            source += [lens.digest, cell.seed, NUDGE, len(given_items)]
        if role in ("moved", "recycled"):
            assert lens is not None  # likewise
            source = ["coarsened", made.source, lens.digest, cell.seed, len(given_items)]
            given_items = lens.object.coarsen(given_items, stream(cell.seed, "coarsen", lens.planned.id))
            if role == "moved":
                return Items(given_items, inputs.keys, source, self.name)
            source = ["translated back", source]
        name = "generated" if role == "anchor" else role
        return replace(self._made(name, source, list(given_items), work), keys=inputs.keys)

    def _sampled(self, role: str, cell: Cell) -> Items:
        name = {"anchor": "generated", "perturbed": "generated"}.get(role, role)
        seeds = sample_seeds(cell.seed, cell.n, name)
        source = ["items", self.model.digest, "perturbed" if role == "perturbed" else name, cell.seed, NUDGE]
        model = self.model.object

        def draw(chunk: Sequence[int]) -> Sequence[Item]:
            drawn: Sequence[Item] = model.sample_near(chunk, NUDGE) if role == "perturbed" else model.sample(chunk)
            return drawn

        return self._made(role, source, seeds, draw)

    def _completed(self, role: str, cell: Cell, lens: BuiltLens) -> Items:
        """Continuations of the opening half of held-out items: as they are, perturbed, or with fresh chance."""
        held_out = self._real("held_out", cell.limits.get("held_out"), self._domain(1))
        prompts = [text[: middle(text)] for text in lens.object.texts(held_out.items[: cell.n])]
        source = ["completions", self.model.digest, lens.digest, role, held_out.source, cell.seed, NUDGE]
        if role == "perturbed":
            prompts = lens.object.perturb(prompts, stream(cell.seed, "perturb", lens.planned.id), NUDGE)
            source.append(len(prompts))  # one stream of chance moves them all, so a longer list need not begin alike
        seeds = sample_seeds(cell.seed, len(prompts), "again" if role == "again" else "anchor")
        model = self.model.object

        def continued(chunk: Sequence[tuple[str, int]]) -> list[str]:
            answers: list[str] = model.complete([prompt for prompt, _ in chunk], [seed for _, seed in chunk])
            return answers

        return self._made(role, source, list(zip(prompts, seeds, strict=True)), continued)

    def _made(
        self, role: str, source: Any, inputs: Sequence[Any], work: Callable[[Sequence[Any]], Sequence[Item]]
    ) -> Items:
        stage = "sample" if role == "generated" else "resample"
        with self.voice.bar(f"{self.name}: sampling {role}") as tell:

            def draw(start: int, stop: int) -> list[Item]:
                return self.asked.batched(work, inputs[start:stop], tell)

            items = self.account.grow(source, len(inputs), stage, self.name, draw)
        if stage == "sample" and self.account.counts:
            count_sampling(source, self.name, self.model.object, inputs[: self.asked.batch], work, self.account)
        return Items(items, numbered(role, len(items)), digest(source), self.name)
