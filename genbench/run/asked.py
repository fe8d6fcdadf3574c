"""What a model says when it is asked: log-probabilities, choices, completions and replies, made once and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from genbench.core.chance import sample_seeds
from genbench.core.data import Item, Pair, Prompt, Question, Script
from genbench.core.errors import NotApplicable
from genbench.core.evidence import (
    Choices,
    Completions,
    Dialogues,
    LogProbs,
    Pairs,
    Prompts,
    ShadowLogProbs,
    TokenLogProbs,
    Verdicts,
)
from genbench.core.model import Conditional, Contrasts, Message
from genbench.run.account import Account
from genbench.run.batching import in_batches
from genbench.run.build import BuiltModel
from genbench.run.inquiry import Inquiry
from genbench.run.items import Items
from genbench.run.joining import joined, joined_shadows, joined_tokens, joined_verdicts
from genbench.run.voice import Voice

BOTH_WAYS = 0.8  # of the pairs, from which on how common a word is moves the share of pairs by a tenth at the very most


class Asked:
    """One model's answers. `facts` of log-probabilities that differ from batch to batch are joined, never dropped."""

    def __init__(self, model: BuiltModel, account: Account, voice: Voice, batch: int) -> None:
        self.model, self.account, self.voice, self.batch = model, account, voice, batch

    @property
    def name(self) -> str:
        return self.model.planned.name

    def said(self, kind: type, found: Items, label: str) -> Any:
        """What the model finds items to be worth: whole, token by token or by shadows too, as the kind says."""
        ask, join = SCORES[kind]
        recipe = [kind.__name__, self.model.digest, found.recipe]
        made = self._scored(recipe, found.items, len, (lambda items: ask(self.model.object, items), join), label)
        return replace(made, keys=found.keys)

    def pairs(self, asked: Inquiry) -> Pairs:
        """Both sides of each pair, by the model's own contrast or by the log-probability of the whole statement.

        What follows the words that differ is scored beside it, unless the benchmark puts each change both ways (the
        nurse said that she / he, the pilot said that he / she): how common a word is cancels there, and what follows
        a pronoun says little of whom it means.
        """
        pairs: list[Pair] = list(asked.items)
        balanced = _swapped(pairs) >= BOTH_WAYS
        after: tuple[np.ndarray | None, np.ndarray | None] = (None, None)
        if isinstance(self.model.object, Contrasts):
            made = self._contrasted(asked, pairs)
        else:
            made = self._compared(asked, pairs)
            if isinstance(self.model.object, Conditional) and not balanced:
                after = self._after(asked, pairs)
        directions = tuple(pair.direction for pair in pairs)
        changes = tuple(" / ".join(sorted(bare(words) for words in pair.parts()[1:3])) for pair in pairs)
        said = made.definition + "; each change is made both ways, so how common a word is cancels" * balanced
        return Pairs(
            made.first, made.second, asked.groups, asked.keys, directions if all(directions) else (), said,
            changes, *after,
        )  # fmt: skip

    def _after(self, asked: Inquiry, pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray]:
        """Nats [n], [n] of what follows the words in which a pair differs, given all up to them; nan where nothing."""
        parts = [pair.parts() for pair in pairs]
        going_on = [i for i, (*_, rest) in enumerate(parts) if rest]
        wanted = [(f"{parts[i][0]} {parts[i][own]}".strip(), f" {parts[i][3]}") for i in going_on for own in (1, 2)]
        both = np.full((len(pairs), 2), np.nan)
        if wanted:
            recipe = ["after", self.model.digest, asked.source]
            made = self._given(recipe, wanted, f"{asked.name}, what follows")
            both[going_on] = made.nats.reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def _given(self, recipe: Any, wanted: Sequence[tuple[str, str]], label: str) -> LogProbs:
        """Log-probabilities of (context, continuation); contexts that begin alike stand side by side, so that a model
        can read what they share once."""

        def ask(chunk: Sequence[tuple[str, str]]) -> LogProbs:
            made: LogProbs = self.model.object.log_prob_given([c for c, _ in chunk], [o for _, o in chunk])
            return made

        made: LogProbs = self._scored(recipe, wanted, lambda pair: pair[0], (ask, joined), label)
        return made

    def _compared(self, asked: Inquiry, pairs: Sequence[Pair]) -> Pairs:
        ask = self.model.object.log_prob
        first, second = (
            self._scored(
                ["pairs", self.model.digest, asked.source, side], [pair[side] for pair in pairs], len, (ask, joined),
                f"{asked.name} {side + 1}/2",
            )
            for side in (0, 1)
        )  # fmt: skip
        return Pairs(first.nats, second.nats, (), definition=_defined("log p of the whole statement", first.facts))

    def _contrasted(self, asked: Inquiry, pairs: Sequence[Pair]) -> Pairs:
        definitions: list[str] = []

        def contrast(chunk: Sequence[Pair]) -> list[tuple[float, float]]:
            found = self.model.object.contrast(list(chunk))
            definitions.append(found.definition)
            return list(zip(found.first.tolist(), found.second.tolist(), strict=True))

        def work() -> Pairs:
            both = np.array(self._in_batches(contrast, pairs, asked.name)).reshape(-1, 2)
            return Pairs(both[:, 0], both[:, 1], (), definition=definitions[0])

        return self.account.make(["contrast", self.model.digest, asked.source], "score", self.name, work, len(pairs))

    def choices(self, asked: Inquiry) -> Choices:
        """Each option of each question, scored as what follows the context."""
        questions: list[Question] = list(asked.items)
        sizes = np.array([len(q.options) for q in questions], dtype=np.int64)
        wanted = [(q.context, option) for q in questions for option in q.options]
        made = self._given(["choices", self.model.digest, asked.source], wanted, asked.name)
        inside = np.arange(int(sizes.max()))[None, :] < sizes[:, None]
        counts = {unit: _spread(amount, inside, 0) for unit, amount in made.counts.items()}
        return Choices(
            _spread(made.nats, inside, -np.inf), sizes, counts, np.array([q.answer for q in questions]),
            asked.groups, asked.facts, asked.keys,
            _defined("log p of the option given its context", made.facts),
        )  # fmt: skip

    def completions(self, asked: Inquiry, seed: int) -> Completions:
        """The model's completion of each prompt, each with a seed of its own."""
        prompts: list[Prompt] = list(asked.items)
        texts = self.answers(asked, seed)
        return Completions(
            tuple(p.text for p in prompts), tuple(texts), tuple(tuple(p.references) for p in prompts),
            asked.groups, asked.facts, asked.keys,
        )  # fmt: skip

    def answers(self, asked: Inquiry, seed: int) -> list[Item]:
        """What the model made of each prompt: a text, or whatever it draws from a caption."""
        seeds = sample_seeds(seed, len(asked.items), "benchmark")
        inputs = [(prompt.text, own) for prompt, own in zip(asked.items, seeds, strict=True)]
        order = sorted(range(len(inputs)), key=lambda i: len(inputs[i][0]))
        ask = getattr(self.model.object, "complete", None) or self.model.object.illustrate

        def answer(chunk: Sequence[int]) -> Sequence[Item]:
            made: Sequence[Item] = ask([inputs[i][0] for i in chunk], [inputs[i][1] for i in chunk])
            return made

        def work() -> list[Item]:
            made = self._in_batches(answer, order, f"answers to {asked.name}")
            return [item for _, item in sorted(zip(order, made, strict=True), key=lambda pair: pair[0])]

        recipe = ["answers", self.model.digest, asked.source, seed]
        return self.account.make(recipe, "sample", self.name, work, len(inputs))

    def dialogues(self, asked: Inquiry, seed: int) -> Dialogues:
        """Conversations with simulated users, turn by turn; a user's lines do not depend on the replies."""
        scripts: list[Script] = list(asked.items)
        if not scripts or not all(script.turns for script in scripts):
            raise NotApplicable(f"{asked.name} holds a script without a turn")
        seeds = sample_seeds(seed, len(scripts), "benchmark")

        def work() -> list[list[str]]:
            replies: list[list[str]] = [[] for _ in scripts]
            for turn in range(max(len(script.turns) for script in scripts)):
                going = [i for i, script in enumerate(scripts) if turn < len(script.turns)]

                def reply(chunk: Sequence[int], turn: int = turn) -> list[str]:
                    heard = [_history(scripts[i], replies[i]) for i in chunk]
                    said: list[str] = self.model.object.reply(heard, [seeds[i] + turn for i in chunk])
                    return said

                for i, said in zip(
                    going, self._in_batches(reply, going, f"{asked.name}, turn {turn + 1}"), strict=True
                ):
                    replies[i].append(said)
            return replies

        recipe = ["dialogues", self.model.digest, asked.source, seed]
        made = self.account.make(recipe, "sample", self.name, work, len(scripts))
        return Dialogues(
            tuple(tuple(s.turns) for s in scripts), tuple(tuple(r) for r in made),
            asked.groups, asked.facts, asked.keys,
        )  # fmt: skip

    def _scored(
        self, recipe: Any, items: Sequence[Any], rank: Callable[[Any], Any], asking: tuple[Any, Any], label: str
    ) -> Any:
        """What the model says of all items: batched by rank, so that little is padded; given back in their order.

        asking: (what says it of a batch, what joins the batches).
        """
        ask, join = asking
        order = sorted(range(len(items)), key=lambda i: rank(items[i]))

        def work() -> Any:
            parts: list[Any] = []

            def part(chunk: Sequence[int]) -> Sequence[int]:
                parts.append(ask([items[i] for i in chunk]))
                return chunk

            self._in_batches(part, order, label)
            return join(parts, np.argsort(order))

        return self.account.make(recipe, "score", self.name, work, len(items))

    def _in_batches(
        self, work: Callable[[Sequence[Any]], Sequence[Any]], inputs: Sequence[Any], label: str
    ) -> list[Any]:
        with self.voice.bar(f"{self.name}: {label}") as tell:
            return self.batched(work, inputs, tell)

    def batched(
        self,
        work: Callable[[Sequence[Any]], Sequence[Any]],
        inputs: Sequence[Any],
        tell: Callable[[int, int, str], None],
    ) -> list[Any]:
        """`work` over all inputs, in batches that shrink where memory runs out."""
        return in_batches(work, inputs, self.batch, tell=lambda done, total: tell(done, total, ""), say=self.voice.warn)


def bare(words: str) -> str:
    """Words by their letters and figures alone, lower-case: `Women,` and `women` are the same change."""
    return " ".join("".join(c for c in word if c.isalnum()) for word in words.lower().split())


def _swapped(pairs: Sequence[Pair]) -> float:
    """Share of the pairs that another one undoes: words that the one puts first the other puts second."""
    ways = Counter(tuple(bare(words) for words in pair.parts()[1:3]) for pair in pairs)
    return sum(min(n, ways[way[::-1]]) for way, n in ways.items()) / max(1, len(pairs))


def _history(script: Script, replies: Sequence[str]) -> list[Message]:
    """The conversation so far, ending with the user's next line."""
    heard: list[Message] = []
    for line, reply in zip(script.turns, replies, strict=False):
        heard += [Message("user", line), Message("assistant", reply)]
    return [*heard, Message("user", script.turns[len(replies)])]


def _spread(flat: np.ndarray, inside: np.ndarray, beyond: float) -> np.ndarray:
    """[n k] of values given one after the other, question by question."""
    spread = np.full(inside.shape, beyond, dtype=flat.dtype)
    spread[inside] = flat
    return spread


def _defined(what: str, facts: Mapping[str, Any]) -> str:
    said = ", ".join(f"{name} {fact}" for name, fact in facts.items())
    return f"{what} ({said})" if said else ""


# What says a kind of scores of a batch of items, and what joins the batches.
SCORES: dict[type, tuple[Callable[[Any, Sequence[Item]], Any], Callable[[Any, Any], Any]]] = {
    LogProbs: (lambda model, items: model.log_prob(items), joined),
    TokenLogProbs: (lambda model, items: model.token_log_probs(items), joined_tokens),
    ShadowLogProbs: (lambda model, items: model.shadow_log_probs(items), joined_shadows),
    Verdicts: (lambda model, items: model.discriminate(items), joined_verdicts),
}
# How each kind of answer comes about, with the seed that the model's chance begins from.
ANSWERS: dict[type, Callable[[Asked, Inquiry, int], Any]] = {
    Pairs: lambda asked, inquiry, seed: asked.pairs(inquiry),
    Choices: lambda asked, inquiry, seed: asked.choices(inquiry),
    Completions: Asked.completions,
    Dialogues: Asked.dialogues,
    Prompts: lambda asked, inquiry, seed: inquiry.prompts,
}
