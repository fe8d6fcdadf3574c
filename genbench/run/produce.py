"""Evidence, made once per model, role and kind, and shared by every probe that asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import numpy as np
from jaxtyping import Float, Int

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Item, Prompt, Question, Script, Split
from genbench.core.digest import digest
from genbench.core.errors import NotApplicable
from genbench.core.evidence import (
    Aligned,
    Annotations,
    Arrays,
    Choices,
    Completions,
    Declared,
    Energy,
    Features,
    Fingerprints,
    Labels,
    LogProbs,
    Marked,
    Pairs,
    Paths,
    Prompts,
    Remakes,
    ShadowLogProbs,
    Sweep,
    Texts,
    TokenLogProbs,
    Truncations,
    Variants,
)
from genbench.core.lens import Judges, Rendering
from genbench.core.model import Between, Perturbable, Remote, Translator
from genbench.core.probe import Need
from genbench.data._encoders import SAVED_AS, repeatable, said, shared
from genbench.data._lengths import common_length
from genbench.data._sniff import EncodedLike
from genbench.meters.grid import Grid
from genbench.run.account import Account
from genbench.run.asked import OPENING, Asked, Inquiry, middle, of_benchmark, opened, shown
from genbench.run.batching import in_batches
from genbench.run.build import BuiltLens, BuiltModel, splits_digest
from genbench.run.compute import count_sampling
from genbench.run.joint import JOINT, Hands
from genbench.run.plan import Cell
from genbench.run.roles import ASKS, FROM_DATA, NUDGE
from genbench.run.voice import Voice

LARGEST_RAW = 2 * 2**30  # bytes of one side's raw items; features of a lens have no such limit
BY_ITEM = frozenset({TokenLogProbs, ShadowLogProbs})

Jointly: TypeAlias = Aligned | Sweep | Marked | Remakes | Paths | Truncations


@dataclass(frozen=True)
class Given:
    """What a run gives every bench: the grid, and the benchmark a cell names."""

    grid: Grid
    benchmark: Dataset | None = None


@dataclass(frozen=True)
class Items:
    """The items of a role with their keys. source: what names the list they begin, however long; item i is its i-th.

    owner: the model that looking at them is charged to; empty for the data's, which all models share.
    """

    items: Sequence[Item]
    keys: tuple[str, ...]
    source: Any
    owner: str = ""

    @property
    def recipe(self) -> Any:
        """What names just these items."""
        return [self.source, len(self.items)]


class Bench:
    """One model on the bench with its data and lens; gives each probe what it needs."""

    def __init__(self, model: BuiltModel, data: Dataset, account: Account, voice: Voice, batch: int) -> None:
        self.model, self.data, self.account, self.voice, self.batch = model, data, account, voice, batch
        self.asked = Asked(model, account, voice, batch)

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
        if need.kind in ASKS:
            return self._asked_about(need, cell, given)
        if need.kind is LogProbs:
            return self._log_probs(need.role, cell, given)
        if need.kind in BY_ITEM:
            return self._by_item(need, cell, given)
        assert lens is not None  # the plan let no such cell through
        role = need.role
        if role == "held_out" and cell.probe.needs_role("model") and isinstance(self.model.object, Between):
            role = "source"  # what a translator's loss is a function of
        if need.kind in JOINT:
            return self._jointly(need, cell, lens, given)
        found = self.items(role, cell, lens, given)
        if not found.items:
            raise NotApplicable(f"there are no {role.replace('_', '-')} items to look at")
        if cell.probe.spec.format_matched:
            found = self._of_one_length(found, cell, lens, given)
            if need.role in FROM_DATA:
                found = self._saved_like_outputs(found, cell)
        if need.kind is Arrays and (size := 4 * np.size(found.items[0]) * len(found.items)) > LARGEST_RAW:
            raise NotApplicable(
                f"{len(found.items)} raw items of {np.size(found.items[0]):,} numbers would take "
                f"{size / 2**30:.0f} GiB, more than the {LARGEST_RAW // 2**30} of a side: ask with a smaller n and "
                "held_out_n, such as 200"
            )
        if need.kind is Features:
            return Features(self._embedded(need.role, found, lens), found.keys)
        judging = need.kind is Annotations and role == "answered" and isinstance(lens.object, Judges)
        asked = [str(prompt.text) for prompt in self._inquiry(cell, given).items] if judging else []
        with self.voice.bar(self._looking(need.kind, need.role)):
            made = self.account.make(
                [need.kind.__name__, lens.digest, found.recipe],
                "look",
                found.owner,
                lambda: (
                    lens.object.judge(asked, found.items) if judging else LOOKS[need.kind](lens.object, found.items)
                ),
                len(found.items),
            )
        return replace(made, keys=found.keys)

    def _labels(self, split: Split, cell: Cell) -> Labels:
        """What the dataset says of just the items that the role holds."""
        groups = self.data.groups
        if groups is None:
            raise NotApplicable(f"the dataset {self.data.name} says of no item which group it is of")
        indices = self._indices(split, cell.limits.get(split), self._domain(1))
        return Labels(groups.labels[indices], groups.names, tuple(self.data.keys[int(i)] for i in indices))

    def _declared(self, cell: Cell) -> Declared:
        """What the outputs' files say of them. They were read with the outputs, so nothing is kept beside these."""
        found = self.model.declared[: cell.n]
        if not found:
            raise NotApplicable("no output lies in an image file of its own, which could say where it comes from")
        manifests = np.array([of.manifest for of in found], dtype=bool)
        sources, unread = tuple(of.source for of in found), tuple(of.unread for of in found)
        return Declared(manifests, sources, unread, _keys("generated", len(found)))

    def _jointly(self, need: Need, cell: Cell, lens: BuiltLens, given: Given) -> Jointly:
        """What takes model and lens by turns; the prompts of answers go with them."""
        role = need.role if need.kind is not Sweep or isinstance(self.model.object, Translator) else "held_out"
        found = self.items(role, cell, lens, given)
        owner = found.owner or self.model.planned.name
        texts = [str(prompt.text) for prompt in self._inquiry(cell, given).items] if need.kind is Aligned else []
        most, stage, make = JOINT[need.kind]
        items, keys = found.items[:most], found.keys[:most]
        with self.voice.bar(self._looking(need.kind, role)) as tell:
            hands = Hands(self.model.object, lens.object, lambda work, some: self._batched(work, some, tell), cell.seed)
            recipe = [need.kind.__name__, self.model.digest, lens.digest, found.source, len(items), cell.seed]
            made: Jointly = self.account.make(recipe, stage, owner, lambda: make(hands, items, texts), len(items))
        return replace(made, keys=keys)

    def _embedded(self, role: str, found: Items, lens: BuiltLens) -> Float[np.ndarray, "n d"]:
        """Features of the items, row by row: of a list that grew, only the new end is looked at."""
        with self.voice.bar(self._looking(Features, role)) as tell:

            def look(start: int, stop: int) -> list[Any]:
                return self._batched(lens.object.features, found.items[start:stop], tell)

            recipe = ["Features", lens.digest, found.source]
            return np.stack(self.account.grow(recipe, len(found.items), "look", found.owner, look))

    def _of_one_length(self, found: Items, cell: Cell, lens: BuiltLens, given: Given) -> Items:
        """Texts cut to one length that most outputs and held-out items have, without those that are shorter."""
        outputs, real = (self.items(role, cell, lens, given).items for role in ("generated", "held_out"))
        length = common_length(outputs, real)
        if length is None:
            return found
        name = self.model.planned.name
        if length < 1:
            raise NotApplicable("a quarter of the outputs or real items is empty, so no length is common to most")
        short = [sum(len(text) < length for text in side) for side in (outputs, real)]
        self.voice.warn(
            f"{name}: {cell.probe.id} compares the first {length:,} characters of each text, as a text's length would "
            f"tell; shorter: {short[0]} of {len(outputs)} outputs and {short[1]} of {len(real)} real items, left out"
        )
        kept = [i for i, text in enumerate(found.items) if len(text) >= length]
        keys = tuple(found.keys[i] for i in kept)
        source = ["cut", found.source, len(found.items), length]
        return Items([found.items[i][:length] for i in kept], keys, source, found.owner or name)

    def _saved_like_outputs(self, found: Items, cell: Cell) -> Items:
        """Real items with the loss of the outputs' file format, so that a probe reads nothing into that.

        Those that lie in just such files have it; a second loss would tell them from outputs.
        """
        name, encoders = self.model.planned.name, self.model.encoders[: cell.n]
        if words := said(encoders):
            words = (
                f"{name}: {cell.probe.id} compares with real items saved like the outputs, as far as can be: {words}"
            )
            self.voice.warn(words)
        encoders = repeatable(encoders)
        if not encoders or shared(encoders) == self.data.facts.get(SAVED_AS, ""):
            return found
        source = [found.source, "saved like", digest(encoders)]
        return Items(EncodedLike(found.items, encoders), found.keys, source, name)

    def _looking(self, kind: type, role: str) -> str:
        return f"{self.model.planned.name}: {kind.__name__.lower()} of {role}"

    def items(self, role: str, cell: Cell, lens: BuiltLens | None, given: Given) -> Items:
        """The items of a role: the data's, those given in a model's place, or drawn as far as they never were."""
        if role in FROM_DATA:
            return self._real(cast(Split, role), cell.limits.get(role), self._domain(1))
        if self.model.outputs is not None and role == "generated":
            items = self.model.outputs[: cell.n]
            if len(items) < cell.n:
                self.voice.warn(f"{self.model.planned.name}: {len(items)} outputs given, {cell.n} asked for")
            return Items(items, _keys(role, len(items)), ["given", self.model.digest], self.model.planned.name)
        if role == "answered":
            asked = self._inquiry(cell, given)
            source = ["answers", self.model.digest, asked.source, cell.seed]
            return Items(self.asked.answers(asked, cell.seed), asked.keys, source, self.model.planned.name)
        if isinstance(self.model.object, Translator):
            return self._translated(role, cell, lens, given)
        if role == "generated" or isinstance(self.model.object, Perturbable):
            return self._sampled(role, cell)
        assert lens is not None  # the plan let no such cell through
        return self._completed(role, cell, lens, given)

    def _real(self, split: Split, limit: int | None, group: str | None) -> Items:
        """The first `limit` items of a split, or of that group's in it."""
        indices = self._indices(split, limit, group)
        keys = tuple(self.data.keys[int(i)] for i in indices)
        source = [splits_digest(self.data), split, limit, *([group] if group is not None else [])]
        return Items([self.data.items[int(i)] for i in indices], keys, source)

    def _indices(self, split: Split, limit: int | None, group: str | None) -> Int[np.ndarray, " n"]:
        indices = self.data.indices(split)
        if group is not None and self.data.groups is not None:
            indices = indices[self.data.labels(split) == self.data.groups.names.index(group)]
        return indices[:limit]

    def _domain(self, side: int) -> str | None:
        """The group of the data that a translator goes from (0) or to (1); None where it has none."""
        return self.model.object.between()[side] if isinstance(self.model.object, Between) else None

    def _translated(self, role: str, cell: Cell, lens: BuiltLens | None, given: Given) -> Items:
        """A translator's roles: held-out items of its first domain, what it makes of them, and the way back."""
        inputs = self._real("held_out", cell.n, self._domain(0))
        if role == "source":
            return inputs
        model = self.model.object
        work, given_items = model.translate, inputs.items
        source = ["translated", self.model.digest, inputs.source]
        if role in ("cycled", "moved", "recycled"):
            made = self._translated("generated", cell, lens, given)
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
                return Items(given_items, inputs.keys, source, self.model.planned.name)
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

    def _completed(self, role: str, cell: Cell, lens: BuiltLens, given: Given) -> Items:
        """Continuations of the opening half of held-out items: as they are, perturbed, or with fresh chance."""
        held_out = self.items("held_out", cell, lens, given)
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
        owner = self.model.planned.name
        stage = "sample" if role == "generated" else "resample"
        with self.voice.bar(f"{owner}: sampling {role}") as tell:

            def draw(start: int, stop: int) -> list[Item]:
                return self._batched(work, inputs[start:stop], tell)

            items = self.account.grow(source, len(inputs), stage, owner, draw)
        if stage == "sample" and self.account.counts:
            count_sampling(source, owner, self.model.object, inputs[: self.batch], work, self.account)
        return Items(items, _keys(role, len(items)), digest(source), owner)

    def _log_probs(self, role: str, cell: Cell, given: Given) -> LogProbs:
        found = self.items(role, cell, None, given)
        recipe = ["log_probs", self.model.digest, found.recipe]
        made = self.asked.log_probs(found.items, recipe, f"log-probabilities of {role}")
        return replace(made, keys=found.keys)

    def _by_item(self, need: Need, cell: Cell, given: Given) -> TokenLogProbs | ShadowLogProbs:
        """Log-probabilities of single tokens, or of whole items by the model and its shadows."""
        found = self.items(need.role, cell, None, given)
        recipe = [need.kind.__name__, self.model.digest, found.recipe]
        ask = self.asked.token_log_probs if need.kind is TokenLogProbs else self.asked.shadow_log_probs
        made: TokenLogProbs | ShadowLogProbs = ask(found.items, recipe, f"log-probabilities of {need.role}")
        return replace(made, keys=found.keys)

    def _asked_about(self, need: Need, cell: Cell, given: Given) -> Any:
        """What the model says of a benchmark's items; in a role of the data, of each item's rest given its opening."""
        if need.role in FROM_DATA:
            found = self.items(need.role, cell, None, given)
            halves = zip(opened([str(item) for item in found.items]), found.keys, strict=True)
            whole = [(half, key) for half, key in halves if all(half)]  # of one letter, nothing is left to ask for
            if len(whole) < len(found.items):
                self.voice.warn(f"{len(found.items) - len(whole)} {need.role} items are too short to be continued")
            made: list[Item] = [
                Question(opening, (rest,)) if need.kind is Choices else Prompt(opening, (rest,))
                for (opening, rest), _ in whole
            ]
            if not made:
                raise NotApplicable(f"no {need.role} item is long enough to be continued")
            keys = tuple(key for _, key in whole)
            asked = Inquiry(need.role, made, keys, ("all",) * len(made), [found.recipe, OPENING])
        else:
            asked = self._inquiry(cell, given)
        if need.kind is Prompts:
            prompts: list[Prompt] = list(asked.items)
            facts = tuple(dict(prompt.facts) for prompt in prompts)
            return Prompts(tuple(prompt.text for prompt in prompts), asked.groups, facts, asked.keys)
        if need.kind is Pairs:
            return self.asked.pairs(asked)
        if need.kind is Choices:
            return self.asked.choices(asked)
        if need.kind is Completions:
            return self.asked.completions(asked, cell.seed)
        return self.asked.dialogues(asked, cell.seed)

    def excerpt(self, cell: Cell, given: Given, index: int) -> Rendering:
        """A benchmark's item, and what the model made of it, for a reader's eyes."""
        asked = self._inquiry(cell, given)
        answer: Any = None
        if isinstance(asked.items[index], Prompt):
            answer = self.asked.answers(asked, cell.seed)[index]
        elif isinstance(asked.items[index], Script):
            answer = self.asked.dialogues(asked, cell.seed).replies[index]
        return Rendering("text", text=shown(asked.items[index], answer))

    def _inquiry(self, cell: Cell, given: Given) -> Inquiry:
        assert given.benchmark is not None  # the plan let no such cell through
        return of_benchmark(given.benchmark, cell.seed, cell.asked)

    def _batched(
        self,
        work: Callable[[Sequence[Any]], Sequence[Any]],
        inputs: Sequence[Any],
        tell: Callable[[int, int, str], None],
    ) -> list[Any]:
        return in_batches(work, inputs, self.batch, tell=lambda done, total: tell(done, total, ""), say=self.voice.warn)


def _fingerprints(lens: Any, items: Sequence[Item]) -> Fingerprints:
    made: Fingerprints = lens.fingerprints(items)
    return made


def _annotations(lens: Any, items: Sequence[Item]) -> Annotations:
    made: Annotations = lens.annotate(items)
    return made


def _texts(lens: Any, items: Sequence[Item]) -> Texts:
    return Texts(tuple(lens.texts(items)))


def _variants(lens: Any, items: Sequence[Item]) -> Variants:
    """Each way with a chance of its own, so that one more way moves no other."""
    texts, names = tuple(map(str, items)), tuple(lens.corruptions())
    made = [lens.corrupt(texts, name, SPOILED_BY, stream(0, "variants", name)) for name in names]
    return Variants(texts, tuple(tuple(map(str, some)) for some in made), names, SPOILED_BY)


def _arrays(lens: Any, items: Sequence[Item]) -> Arrays:
    made: Arrays = lens.arrays(items)
    return made


SPOILED_BY = 3  # of 5: how gravely variants of an item are spoiled

# Features are not among them: they are looked at in batches, and row by row.
LOOKS: dict[type, Callable[[Any, Sequence[Item]], Any]] = {
    Fingerprints: _fingerprints,
    Annotations: _annotations,
    Texts: _texts,
    Variants: _variants,
    Arrays: _arrays,
}


def _keys(role: str, n: int) -> tuple[str, ...]:
    return tuple(f"{role}/{i}" for i in range(n))
