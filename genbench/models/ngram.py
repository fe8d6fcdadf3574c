"""Interpolated modified Kneser-Ney over bytes (Kneser and Ney 1995; Chen and Goodman 1999), of any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Integer

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs, TokenLogProbs
from genbench.core.model import History, Training, family
from genbench.models._bytes import END, START, SYMBOLS, added_counts, counts_of, decode, encode
from genbench.models._ragged import ragged

WIDTH = START + 1  # numbers of symbols; (node, symbol) is written as one integer, node * WIDTH + symbol
BLOCK = 4096  # contexts whose whole distributions are held at once: 8 MiB


@dataclass(frozen=True, eq=False)
class Level:
    """All contexts of one length k, and what followed them.

    A context is a node: its place in `contexts`, whose sorted keys join the node of the context without its oldest
    symbol (one level below) and that symbol. grams: sorted keys of (node, follower). mass: each gram's discounted
    share. ends: its node plus the running sum of shares within the node, for drawing. backoff: by node, the share left
    to the level below.
    """

    contexts: Int[np.ndarray, " c"]
    grams: Int[np.ndarray, " g"]
    mass: Float[np.ndarray, " g"]
    ends: Float[np.ndarray, " g"]
    backoff: Float[np.ndarray, " c"]


@family(
    modality="text",
    cites=["Chen and Goodman 1999, doi:10.1006/csla.1999.0128", "Heafield et al. 2013, aclanthology.org/P13-2121"],
    presets={"tiny": {"order": 6}, "base": {"order": 9}},
    after_fit=["longest"],
)
class Ngram:
    """Byte n-gram model with interpolated, modified Kneser-Ney smoothing; fitted here in seconds.

    p(w | c) = max(a(c w) - D(a(c w)), 0) / sum_v a(c v) + backoff(c) p(w | c'), c' the context without its oldest
    symbol; below the empty context all symbols are alike. The adjusted count a is the count itself at the highest
    order and for contexts that begin at the start of a text, which nothing precedes; elsewhere it is the number of
    different symbols seen before c w. Every string has a probability, and they sum to 1.
    """

    def __init__(self, *, order: int = 6, longest: int = 600) -> None:
        if order < 1 or longest < 1:
            raise ModelError(f"ngram: order and longest are at least 1, got {order} and {longest}")
        self.order, self.longest = order, longest
        self.windows = np.empty((0, order), dtype=np.uint16)
        self.counts = np.empty(0, dtype=np.int32)
        self.levels: list[Level] = []

    def fit(self, data: Dataset, training: Training) -> History:
        """Counts every window of `order` symbols; all else follows from these counts."""
        seen = np.concatenate([self._windows(str(text)) for text in data.take("train")])
        self.windows, counts = np.unique(seen, axis=0, return_counts=True)
        self.counts = counts.astype(np.int32)
        self.levels = _levels(self.windows, self.counts)
        return History((), f"{sum(len(level.contexts) for level in self.levels):,} contexts counted")

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p of the bytes and the end of each text, in nats."""
        windows = [self._windows(str(item)) for item in items]
        said = np.log(self.probability(np.concatenate(windows)))
        firsts = np.cumsum([0, *map(len, windows[:-1])])
        facts: dict[str, int | float | str] = {"order": self.order, "bos": "given, not scored", "eos": "scored"}
        return LogProbs(np.add.reduceat(said, firsts), counts_of(items), facts=facts)

    def token_log_probs(self, items: Sequence[Item]) -> TokenLogProbs:
        """log p of each byte and of the end, with mean and deviation over all symbols in its place, and its rank."""
        windows = [self._windows(str(item)) for item in items]
        joined = np.concatenate([*windows, np.empty((0, self.order), dtype=np.uint16)])
        said = np.concatenate(
            [np.empty((0, 4)), *(self._told(joined[at : at + BLOCK]) for at in range(0, len(joined), BLOCK))]
        )
        rows = np.split(said, np.cumsum([len(own) for own in windows])[:-1]) if windows else []
        return ragged(rows, items, {"order": self.order, "bos": "given, not scored", "eos": "scored"})

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        """log p of each continuation's bytes behind its context, in nats; the end is not scored."""
        pairs = list(zip(contexts, continuations, strict=True))
        windows = [self._windows(before + after)[len(encode(before)) : -1] for before, after in pairs]
        nats = np.zeros(len(pairs))
        if pairs:
            said = np.log(self.probability(np.concatenate(windows)))
            np.add.at(nats, np.repeat(np.arange(len(pairs)), [len(own) for own in windows]), said)
        facts: dict[str, int | float | str] = {"order": self.order, "bos": "given, not scored", "eos": "not scored"}
        return LogProbs(nats, added_counts(continuations), facts=facts)

    def probability(self, windows: Integer[np.ndarray, "n order"]) -> Float[np.ndarray, " n"]:
        """p(last symbol | those before it), the interpolation written out from the uniform upwards."""
        p = np.full(len(windows), 1.0 / SYMBOLS)
        for level, (node, known) in zip(self.levels, self._nodes(windows[:, :-1]), strict=True):
            gram, seen = _found(level.grams, node * WIDTH + windows[:, -1])
            p = np.where(known, np.where(seen, level.mass[gram], 0.0) + level.backoff[node] * p, p)
        return p

    def distribution(self, contexts: Integer[np.ndarray, "n context"]) -> Float[np.ndarray, "n symbols"]:
        """p(v | context) of every symbol v: `probability` of all of them at once, to the bit."""
        p = np.full((len(contexts), SYMBOLS), 1.0 / SYMBOLS)
        for level, (node, known) in zip(self.levels, self._nodes(contexts), strict=True):
            rows = known.nonzero()[0]
            first, behind = (np.searchsorted(level.grams, (node[rows] + k) * WIDTH) for k in (0, 1))
            followers = behind - first  # how many symbols were seen behind each context
            begun = np.cumsum(followers) - followers
            grams = np.arange(followers.sum()) + np.repeat(first - begun, followers)
            p[rows] *= level.backoff[node[rows], None]
            p[np.repeat(rows, followers), level.grams[grams] % WIDTH] += level.mass[grams]
        return p

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self.complete([""] * len(seeds), seeds)

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """All rows advance together; each has one chance per symbol, all its own."""
        n = len(seeds)
        chances = np.stack([stream(seed, "ngram").random(self.longest) for seed in seeds])
        text = np.full((n, self.order - 1 + self.longest), END, dtype=np.int64)  # context, then what is made
        for row, prompt in enumerate(prompts):
            padded = [START] * (self.order - 1) + encode(prompt)
            text[row, : self.order - 1] = padded[len(padded) - self.order + 1 :]
        going = np.arange(n)
        for at in range(self.longest):
            place = at + self.order - 1
            text[going, place] = self._drawn(text[going, at:place], chances[going, at])
            going = going[text[going, place] != END]
            if not len(going):
                break
        made = (row[self.order - 1 :].tolist() for row in text)
        return [decode(row[: row.index(END)] if END in row else row) for row in made]

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {"windows": self.windows, "counts": self.counts}, {}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.windows, self.counts = arrays["windows"], arrays["counts"]
        self.levels = _levels(self.windows, self.counts)

    def _told(self, windows: Integer[np.ndarray, "n order"]) -> Float[np.ndarray, "n 4"]:
        """Of each window's last symbol: log p, mean and deviation of log p(v) over v drawn in its place, and rank."""
        p = self.distribution(windows[:, :-1])
        own = p[np.arange(len(windows)), windows[:, -1]][:, None]
        said = np.log(p)
        mean = (p * said).sum(axis=1, keepdims=True)
        deviation = np.sqrt((p * (said - mean) ** 2).sum(axis=1))
        return np.column_stack([np.log(own[:, 0]), mean[:, 0], deviation, 1 + (p > own).sum(axis=1)])

    def _windows(self, text: str) -> np.ndarray:
        """uint16 [bytes + 1, order]: each byte and the end, behind the order - 1 symbols before it."""
        symbols = np.array([START] * (self.order - 1) + encode(text) + [END], dtype=np.uint16)
        return np.lib.stride_tricks.sliding_window_view(symbols, self.order)

    def _nodes(self, contexts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """By level, shortest first: the node of each context [n order-1] cut to that length; was it seen?"""
        node, known = np.zeros(len(contexts), dtype=np.int64), np.ones(len(contexts), dtype=bool)
        nodes = [(node, known)]
        for k in range(1, self.order):
            node, found = _found(self.levels[k].contexts, node * WIDTH + contexts[:, -k])
            known = known & found
            nodes.append((node, known))
        return nodes

    def _drawn(self, contexts: np.ndarray, u: np.ndarray) -> np.ndarray:
        """One symbol per context [n order-1] by its u in [0, 1).

        From the highest level down: where u falls within the followers' mass it names one, else what is left of it,
        (u - mass) / backoff, is again uniform and goes one level down; below the last it names any symbol.
        """
        drawn, u = np.full(len(contexts), -1), u.copy()
        for level, (node, known) in reversed(list(zip(self.levels, self._nodes(contexts), strict=True))):
            backoff = level.backoff[node]
            asked = known & (drawn < 0)
            here = asked & (u < 1 - backoff)
            after = np.searchsorted(level.grams, (node + 1) * WIDTH)  # the gram behind the node's last
            gram = np.minimum(np.searchsorted(level.ends, node + u, side="right"), after - 1)
            drawn = np.where(here, level.grams[gram] % WIDTH, drawn)
            u = np.where(asked & ~here, (u - (1 - backoff)) / backoff, u)
        return np.where(drawn < 0, np.minimum(u * SYMBOLS, SYMBOLS - 1).astype(np.int64), drawn)


def _found(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(place in the sorted keys, whether it is the wanted one); any valid place where it is not."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted


def _levels(windows: np.ndarray, counts: np.ndarray) -> list[Level]:
    """One level per context length, from the different windows [m order] and how often each was seen.

    Contexts end at the start of their text: nothing longer can precede it.
    """
    order, symbols = windows.shape[1], windows.astype(np.int64)
    rows, node = np.arange(len(windows)), np.zeros(len(windows), dtype=np.int64)
    contexts, found = np.zeros(1, dtype=np.int64), []
    for k in range(order):
        if k:
            oldest = symbols[rows, order - 1 - k]
            contexts, node = np.unique(node * WIDTH + oldest, return_inverse=True)
        found.append((contexts, rows, node * WIDTH + symbols[rows, -1]))
        if k:
            rows, node = rows[oldest != START], node[oldest != START]
    levels = []
    for k, (contexts, rows, keys) in enumerate(found):
        adjusted = counts.astype(np.int64)
        if k < order - 1:
            _, longer, longer_keys = found[k + 1]
            adjusted[longer] = 0  # each different longer gram counts once; those of whole contexts keep their counts
            adjusted[longer[np.unique(longer_keys, return_index=True)[1]]] = 1
        levels.append(_level(contexts, keys, adjusted[rows]))
    return levels


def _level(contexts: np.ndarray, keys: np.ndarray, adjusted: np.ndarray) -> Level:
    """The discounted shares of grams, given as keys with what each adds to its adjusted count."""
    grams, inverse = np.unique(keys, return_inverse=True)
    a = np.bincount(inverse, adjusted).astype(np.int64)
    node, discount = grams // WIDTH, _discounts(a)[np.minimum(a, 3)]
    total = np.bincount(node, a)
    mass = (a - discount) / total[node]
    running, first = np.cumsum(mass), np.searchsorted(node, np.arange(len(contexts)))
    ends = node + running - (running - mass)[first][node]
    return Level(contexts, grams, mass, ends, np.bincount(node, discount) / total)


def _discounts(a: np.ndarray) -> np.ndarray:
    """[0, D1, D2, D3+] of Chen and Goodman from n_i, the number of grams with adjusted count i:

    Y = n1 / (n1 + 2 n2), D_i = i - (i + 1) Y n_{i+1} / n_i. Where the n_i give no discount above 0, as with few
    symbols, KenLM's fallback 0.5, 1, 1.5 stands in: without a discount nothing unseen would have a probability.
    """
    n = [int(np.sum(a == i)) for i in range(5)]
    if all(n[1:]):
        y = n[1] / (n[1] + 2 * n[2])
        d = [i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)]
        if min(d) > 0:
            return np.array([0.0, *d])
    return np.array([0.0, 0.5, 1.0, 1.5])
