"""Evidence, made once per model, role and kind, and shared by every probe that asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, cast

import numpy as np
from jaxtyping import Float

from genbench.core.data import Dataset, Prompt, Question, Script, Split
from genbench.core.errors import NotApplicable
from genbench.core.evidence import (
    Aligned,
    Annotations,
    Arrays,
    Choices,
    Declared,
    Energy,
    Features,
    Labels,
    Marked,
    Paths,
    Remakes,
    Sweep,
    Truncations,
)
from genbench.core.lens import Judges, Rendering
from genbench.core.model import Between, Remote, Translator
from genbench.core.probe import Need
from genbench.run.account import Account
from genbench.run.asked import ANSWERS, SCORES, Asked
from genbench.run.build import BuiltLens, BuiltModel
from genbench.run.inquiry import Inquiry, of_openings, shown
from genbench.run.items import Items, numbered
from genbench.run.joint import JOINT, Hands
from genbench.run.looks import LOOKS
from genbench.run.matching import Matching
from genbench.run.plan import Cell
from genbench.run.roles import FROM_DATA
from genbench.run.supply import Given, Supply
from genbench.run.voice import Voice

LARGEST_RAW = 2 * 2**30  # bytes of one side's raw items; features of a lens have no such limit

Jointly: TypeAlias = Aligned | Sweep | Marked | Remakes | Paths | Truncations


class Bench:
    """One model on the bench with its data and lens; gives each probe what it needs."""

    def __init__(self, model: BuiltModel, data: Dataset, account: Account, voice: Voice, batch: int) -> None:
        self.model, self.data, self.account, self.voice = model, data, account, voice
        self.asked = Asked(model, account, voice, batch)
        self.supply = Supply(self.asked, data)

    def evidence(self, need: Need, cell: Cell, lens: BuiltLens | None, given: Given) -> Any:
        """The evidence of that kind in that role (or the model itself), from memory, disk or work."""
        if need.role == "model":
            return self.model.object
        if need.kind is Energy:
            used = self.account.energy(self.model.planned.name, given.grid)
            model = self.model.object
            return replace(used, elsewhere=model.elsewhere()) if isinstance(model, Remote) else used
        if need.kind is Labels:
            return self._labels(cast(Split, need.role), cell)
        if need.kind is Declared:
            return self._declared(cell)
        if need.kind in ANSWERS:
            return ANSWERS[need.kind](self.asked, self._asked_about(need, cell, given), cell.seed)
        if need.kind in SCORES:
            found = self.supply.items(need.role, cell, None, given)
            return self.asked.said(need.kind, found, f"scores of {need.role}")
        assert lens is not None  # the plan let no such cell through
        if need.kind in JOINT:
            return self._jointly(need, cell, lens, given)
        return self._looked_at(need, cell, lens, given)

    def items(self, role: str, cell: Cell, lens: BuiltLens | None, given: Given) -> Items:
        """The items of a role, before any lens has looked at them."""
        return self.supply.items(role, cell, lens, given)

    def excerpt(self, cell: Cell, given: Given, index: int) -> Rendering:
        """A benchmark's item, and what the model made of it, for a reader's eyes."""
        asked = self.supply.inquiry(cell, given)
        answer: Any = None
        if isinstance(asked.items[index], Prompt):
            answer = self.asked.answers(asked, cell.seed)[index]
        elif isinstance(asked.items[index], Script):
            answer = self.asked.dialogues(asked, cell.seed).replies[index]
        return Rendering("text", text=shown(asked.items[index], answer))

    def _labels(self, split: Split, cell: Cell) -> Labels:
        """What the dataset says of just the items that the role holds."""
        groups = self.data.groups
        if groups is None:
            raise NotApplicable(f"the dataset {self.data.name} says of no item which group it is of")
        indices = self.supply.indices(split, cell)
        return Labels(groups.labels[indices], groups.names, tuple(self.data.keys[int(i)] for i in indices))

    def _declared(self, cell: Cell) -> Declared:
        """What the outputs' files say of them. They were read with the outputs, so nothing is kept beside these."""
        found = self.model.declared[: cell.n]
        if not found:
            raise NotApplicable("no output lies in an image file of its own, which could say where it comes from")
        manifests = np.array([of.manifest for of in found], dtype=bool)
        sources, unread = tuple(of.source for of in found), tuple(of.unread for of in found)
        return Declared(manifests, sources, unread, numbered("generated", len(found)))

    def _asked_about(self, need: Need, cell: Cell, given: Given) -> Inquiry:
        """A benchmark's items; in a role of the data, each item's rest given its opening."""
        if need.role not in FROM_DATA:
            return self.supply.inquiry(cell, given)
        found = self.supply.items(need.role, cell, None, given)
        form: Callable[..., Any] = Question if need.kind is Choices else Prompt
        asked = of_openings(need.role, found, lambda opening, rest: form(opening, (rest,)))
        if short := len(found.items) - len(asked.items):
            self.voice.warn(f"{short} {need.role} items are too short to be continued")
        if not asked.items:
            raise NotApplicable(f"no {need.role} item is long enough to be continued")
        return asked

    def _jointly(self, need: Need, cell: Cell, lens: BuiltLens, given: Given) -> Jointly:
        """What takes model and lens by turns; the prompts of answers go with them."""
        role = need.role if need.kind is not Sweep or isinstance(self.model.object, Translator) else "held_out"
        found = self.supply.items(role, cell, lens, given)
        owner = found.owner or self.model.planned.name
        texts = self.supply.inquiry(cell, given).prompts.texts if need.kind is Aligned else ()
        most, stage, make = JOINT[need.kind]
        items, keys = found.items[:most], found.keys[:most]
        with self.voice.bar(self._looking(need.kind, role)) as tell:
            batched = lambda work, some: self.asked.batched(work, some, tell)
            hands = Hands(self.model.object, lens.object, batched, cell.seed)
            recipe = [need.kind.__name__, self.model.digest, lens.digest, found.source, len(items), cell.seed]
            made: Jointly = self.account.make(recipe, stage, owner, lambda: make(hands, items, texts), len(items))
        return replace(made, keys=keys)

    def _looked_at(self, need: Need, cell: Cell, lens: BuiltLens, given: Given) -> Any:
        """What a lens makes of items, in the format in which the probe compares them."""
        role = need.role
        if role == "held_out" and cell.probe.needs_role("model") and isinstance(self.model.object, Between):
            role = "source"  # what a translator's loss is a function of
        found = self.supply.items(role, cell, lens, given)
        if not found.items:
            raise NotApplicable(f"there are no {role.replace('_', '-')} items to look at")
        if cell.probe.spec.format_matched:
            match = Matching(self.model, self.data, cell, self.voice.warn)
            sides = (self.supply.items(side, cell, lens, given).items for side in ("generated", "held_out"))
            found = match.of_one_length(found, *sides)
            if need.role in FROM_DATA:
                found = match.saved_like_outputs(found)
        if need.kind is Arrays and (size := 4 * np.size(found.items[0]) * len(found.items)) > LARGEST_RAW:
            raise NotApplicable(
                f"{len(found.items)} raw items of {np.size(found.items[0]):,} numbers would take "
                f"{size / 2**30:.0f} GiB, more than the {LARGEST_RAW // 2**30} of a side: ask with a smaller n and "
                "held_out_n, such as 200"
            )
        if need.kind is Features:
            return Features(self._embedded(need.role, found, lens), found.keys)
        look = lambda: LOOKS[need.kind](lens.object, found.items)
        if need.kind is Annotations and role == "answered" and isinstance(lens.object, Judges):
            requests = self.supply.inquiry(cell, given).prompts.texts
            look = lambda: lens.object.judge(requests, found.items)
        with self.voice.bar(self._looking(need.kind, need.role)):
            recipe = [need.kind.__name__, lens.digest, found.recipe]
            made = self.account.make(recipe, "look", found.owner, look, len(found.items))
        return replace(made, keys=found.keys)

    def _embedded(self, role: str, found: Items, lens: BuiltLens) -> Float[np.ndarray, "n d"]:
        """Features of the items, row by row: of a list that grew, only the new end is looked at."""
        with self.voice.bar(self._looking(Features, role)) as tell:

            def look(start: int, stop: int) -> list[Any]:
                return self.asked.batched(lens.object.features, found.items[start:stop], tell)

            recipe = ["Features", lens.digest, found.source]
            return np.stack(self.account.grow(recipe, len(found.items), "look", found.owner, look))

    def _looking(self, kind: type, role: str) -> str:
        return f"{self.model.planned.name}: {kind.__name__.lower()} of {role}"
