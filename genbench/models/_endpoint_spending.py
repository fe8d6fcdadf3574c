"""What an endpoint was asked for and what it took: requests, tokens, latency, faults, and money at a given price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MILLION = 1_000_000


@dataclass
class Spending:
    """Sums over answers. earlier: taken from the kept ones, so paid for before.

    price_in, price_out: per million tokens of prompts and of completions, in the currency the user thinks in; None
    where not given. without_usage: answers that did not say their tokens, so that token sums are lower bounds.
    faults: attempts that failed and were made again, by kind. seconds: latency of each answer that came now.
    """

    price_in: float | None = None
    price_out: float | None = None
    requests: int = 0
    earlier: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_in_earlier: int = 0
    tokens_out_earlier: int = 0
    without_usage: int = 0
    seconds: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, body: Mapping[str, Any], seconds: float, *, earlier: bool) -> None:
        """Counts one answer."""
        if "choices" not in body:  # a list of models, say, which costs nothing
            return
        usage = body.get("usage")
        told = usage if isinstance(usage, Mapping) and isinstance(usage.get("prompt_tokens"), int) else None
        given, made = (int(told["prompt_tokens"]), int(told.get("completion_tokens") or 0)) if told else (0, 0)
        self.without_usage += told is None
        if earlier:
            self.earlier += 1
            self.tokens_in_earlier += given
            self.tokens_out_earlier += made
        else:
            self.requests += 1
            self.tokens_in += given
            self.tokens_out += made
            self.seconds.append(seconds)

    @property
    def cost(self) -> float | None:
        """Money spent now: tokens times price; None where a price is unknown or tokens were not counted."""
        if self.price_in is None or self.price_out is None or self.without_usage:
            return None
        return (self.tokens_in * self.price_in + self.tokens_out * self.price_out) / MILLION

    def plain(self) -> dict[str, Any]:
        """Plain values, for a record."""
        median, slow = np.quantile(self.seconds, [0.5, 0.95]).tolist() if self.seconds else (None, None)
        return {
            "requests": self.requests,
            "requests answered from the cache": self.earlier,
            "prompt tokens": self.tokens_in,
            "completion tokens": self.tokens_out,
            "prompt tokens of cached answers": self.tokens_in_earlier,
            "completion tokens of cached answers": self.tokens_out_earlier,
            "answers that did not say their tokens": self.without_usage,
            "median latency in seconds": median,
            "95 % of answers within seconds": slow,
            "failed attempts": dict(self.faults),
            "cost": self.cost,
        }

    def in_words(self) -> str:
        """One line: `1,204 prompt and 310 completion tokens in 40 requests, median 0.21 s, 95 % within 0.50 s`."""
        given, made = self.tokens_in + self.tokens_in_earlier, self.tokens_out + self.tokens_out_earlier
        least = "at least " if self.without_usage else ""
        line = f"{least}{given:,} prompt and {made:,} completion tokens in {self.requests + self.earlier:,} requests"
        if self.seconds:
            median, slow = np.quantile(self.seconds, [0.5, 0.95])
            line += f", median {median:.2f} s, 95 % within {slow:.2f} s"
        if self.cost is not None:
            line += f", cost {self.cost:.4f}"
        return line
