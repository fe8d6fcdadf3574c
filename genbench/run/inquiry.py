"""What a model is asked about: a benchmark's items, or the openings of a dataset's, and how a reader sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genbench.core.data import Dataset, Item, Pair, Question, Script
from genbench.core.evidence import Prompts
from genbench.run.items import Items

OPENING = 200  # characters of an item that are given as its opening at most, and of its rest that are asked for


@dataclass(frozen=True)
class Inquiry:
    """Items to ask about, with their keys and groups. source: what names just these items."""

    name: str
    items: Sequence[Item]
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    source: Any

    @property
    def facts(self) -> tuple[dict[str, Any], ...]:
        """What the benchmark says of each question, prompt or script."""
        return tuple(dict(item.facts) for item in self.items)

    @property
    def prompts(self) -> Prompts:
        """What is asked, word for word: the model has no part in it."""
        return Prompts(tuple(str(prompt.text) for prompt in self.items), self.groups, self.facts, self.keys)


def of_benchmark(benchmark: Dataset, seed: int, limit: int | None) -> Inquiry:
    """A benchmark's items in their published order; where the suite limits them, a random part of them."""
    chosen = np.arange(len(benchmark.items))
    if limit is not None and limit < len(chosen):
        chosen = np.sort(np.random.default_rng(seed).permutation(len(chosen))[:limit])
    named = benchmark.groups
    groups = tuple(named.names[int(i)] for i in named.labels[chosen]) if named else ("all",) * len(chosen)
    items = [benchmark.items[int(i)] for i in chosen]
    keys = tuple(benchmark.keys[int(i)] for i in chosen)
    whole = len(chosen) == len(benchmark.items)
    return Inquiry(benchmark.name, items, keys, groups, [benchmark.digest, "all" if whole else [seed, len(chosen)]])


def of_openings(role: str, found: Items, ask: Callable[[str, str], Item]) -> Inquiry:
    """Each item's rest, given its opening, as `ask` puts it. Items of one letter have no rest and are left out."""
    halves = zip(opened([str(item) for item in found.items]), found.keys, strict=True)
    whole = [(half, key) for half, key in halves if all(half)]
    items = [ask(opening, rest) for (opening, rest), _ in whole]
    return Inquiry(role, items, tuple(key for _, key in whole), ("all",) * len(items), [found.recipe, OPENING])


def middle(text: str) -> int:
    """Where the first half of a text ends: at least one character in, at most OPENING."""
    return min(OPENING, max(1, len(text) // 2))


def opened(texts: Sequence[str]) -> list[tuple[str, str]]:
    """(opening, rest) of each text: its first half, ended where a word ends, and what follows it."""
    pairs = []
    for text in texts:
        half = middle(text)
        word = text.rfind(" ", 1, half + 1)
        at = word if word > 0 else half
        pairs.append((text[:at], text[at : at + OPENING]))
    return pairs


def shown(item: Item, answer: Any) -> str:
    """A benchmark's item as a reader sees it, with what the model made of it."""
    if isinstance(item, Pair):
        return f"1: {item.first}\n2: {item.second}"
    if isinstance(item, Question):
        marks = ["  (right)" if i == item.answer else "" for i in range(len(item.options))]
        return "\n".join([item.context, *(f"- {o}{mark}" for o, mark in zip(item.options, marks, strict=True))])
    if isinstance(item, Script):
        return "\n".join(f"user: {line}\nmodel: {reply}" for line, reply in zip(item.turns, answer, strict=True))
    return f"{item.text}\n=> {answer}"
