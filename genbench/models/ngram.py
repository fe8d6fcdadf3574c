"""Interpolated modified Kneser-Ney over bytes (Kneser and Ney 1995; Chen and Goodman 1999), of any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Training, family
from genbench.models._bytes import END, START, SYMBOLS, counts_of, decode, encode

Context = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """What followed one context: counts by symbol, already discounted, and the mass `backoff` left for lower orders."""

    mass: dict[int, float]
    backoff: float


@family(
    modality="text",
    cites=["Chen and Goodman 1999, doi:10.1006/csla.1999.0128"],
    presets={"tiny": {"order": 6}, "base": {"order": 9}},
)
class Ngram:
    """Byte n-gram model with interpolated, modified Kneser-Ney smoothing; fitted here in seconds.

    p(w | c) = max(n(c w) - D, 0) / n(c) + backoff(c) p(w | c'), c' the context without its oldest byte; lower orders
    count in how many contexts a symbol appeared; the lowest is uniform. Every string has a probability; they sum to 1.
    """

    def __init__(self, *, order: int = 6, longest: int = 600) -> None:
        self.order, self.longest = order, longest
        self.tables: list[dict[Context, Row]] = []
        self.counts: list[dict[Context, Counter[int]]] = []

    def fit(self, data: Dataset, training: Training) -> History:
        """Counts, continuation counts, then three discounts per order from the counts of counts."""
        raw: list[dict[Context, Counter[int]]] = [{} for _ in range(self.order)]
        for text in data.take("train"):
            symbols = [START] * (self.order - 1) + encode(text) + [END]
            for at in range(self.order - 1, len(symbols)):
                context = tuple(symbols[at - self.order + 1 : at])
                raw[-1].setdefault(context, Counter())[symbols[at]] += 1
        for k in range(self.order - 2, -1, -1):
            # n1+(. c w): each longer context with its follower counts once
            for context, followers in raw[k + 1].items():
                shorter = raw[k].setdefault(context[1:], Counter())
                for symbol in followers:
                    shorter[symbol] += 1
        self._tabulate(raw)
        return History((), f"{sum(map(len, raw)):,} contexts counted")

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p of the bytes and the end of each text, in nats."""
        nats = np.array([sum(self._nats(str(item))) for item in items])
        facts: dict[str, int | float | str] = {"order": self.order, "bos": "start padding", "eos": "scored"}
        return LogProbs(nats, counts_of(items), facts=facts)

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [self._drawn([], seed) for seed in seeds]

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        return [self._drawn(encode(prompt), seed) for prompt, seed in zip(prompts, seeds, strict=True)]

    def probability(self, symbol: int, context: Context) -> float:
        """p(symbol | context), the interpolation written out from the uniform upwards."""
        p = 1.0 / SYMBOLS
        for k in range(self.order):
            row = self.tables[k].get(context[len(context) - k :] if k else ())
            if row is None:
                break
            p = row.mass.get(symbol, 0.0) + row.backoff * p
        return p

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {}
        for k, table in enumerate(self.counts):
            rows = [(*context, symbol, n) for context, row in table.items() for symbol, n in row.items()]
            arrays[f"order{k}"] = np.array(rows, dtype=np.int32).reshape(-1, k + 2)
        return arrays, {"order": self.order}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        raw: list[dict[Context, Counter[int]]] = [{} for _ in range(self.order)]
        for k in range(self.order):
            for *context, symbol, n in arrays[f"order{k}"].tolist():
                raw[k].setdefault(tuple(context), Counter())[symbol] = n
        self._tabulate(raw)

    def _tabulate(self, raw: list[dict[Context, Counter[int]]]) -> None:
        self.counts = raw
        self.tables = [dict(_discounted(table)) for table in raw]

    def _nats(self, text: str) -> list[float]:
        symbols = [START] * (self.order - 1) + encode(text) + [END]
        first = self.order - 1
        return [
            float(np.log(self.probability(symbols[at], tuple(symbols[at - first : at]))))
            for at in range(first, len(symbols))
        ]

    def _drawn(self, prompt: list[int], seed: int) -> str:
        """Ancestral sampling: at each order, with its mass take a follower, else go to the next lower order."""
        rng = stream(seed, "ngram")
        symbols = [START] * (self.order - 1) + prompt
        made: list[int] = []
        while len(made) < self.longest:
            symbol = self._next(tuple(symbols[len(symbols) - self.order + 1 :]), rng)
            if symbol == END:
                break
            symbols.append(symbol)
            made.append(symbol)
        return decode(made)

    def _next(self, context: Context, rng: np.random.Generator) -> int:
        for k in range(self.order - 1, -1, -1):
            row = self.tables[k].get(context[len(context) - k :] if k else ())
            if row is None:
                continue
            u = float(rng.random())
            if u < 1 - row.backoff:
                ends = list(accumulate(row.mass.values()))
                return list(row.mass)[int(np.searchsorted(ends, min(u, ends[-1] * (1 - 1e-12)), side="right"))]
        return int(rng.integers(SYMBOLS))


def _discounted(table: Mapping[Context, Counter[int]]) -> list[tuple[Context, Row]]:
    """Rows with modified Kneser-Ney discounts D1, D2, D3+ estimated from the table's counts of counts."""
    seen = Counter(n for followers in table.values() for n in followers.values())
    n1, n2, n3, n4 = (max(seen.get(i, 0), 1) for i in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    discount = [
        0.0,
        *(
            min(max(d, 0.05), i)
            for i, d in ((1, 1 - 2 * y * n2 / n1), (2, 2 - 3 * y * n3 / n2), (3, 3 - 4 * y * n4 / n3))
        ),
    ]
    rows = []
    for context, followers in table.items():
        total = sum(followers.values())
        mass = {symbol: (n - discount[min(n, 3)]) / total for symbol, n in followers.items()}
        rows.append(
            (context, Row({s: m for s, m in mass.items() if m > 0}, 1.0 - sum(m for m in mass.values() if m > 0)))
        )
    return rows
