"""Green lists: which tokens a keyed hash favours behind a context, and how unlikely so many of them are by chance."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt64
from scipy.stats import binom

MULTIPLIERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True)
class GreenList:
    """gamma: the share of tokens that are green behind any context of `width` tokens; key: whose list it is.

    Each token is green by a hash of (key, context, token) of its own, so that its list has the size gamma |V| on
    average; Kirchenbauer et al. (2023, arXiv:2301.10226) take just gamma |V| of a vocabulary. For a detector that knows
    no vocabulary the two are one: behind a fresh context a token that does not know the key is green by chance gamma.
    """

    key: int
    gamma: float = 0.25
    width: int = 1

    def green(
        self, contexts: UInt64[np.ndarray, "n width"], tokens: UInt64[np.ndarray, " n"]
    ) -> Bool[np.ndarray, " n"]:
        """[n] whether each token is green behind its context (oldest first)."""
        state = np.full(len(tokens), self.key % 2**64, np.uint64)
        for column in [*contexts.T, tokens]:
            state = _mixed(state ^ _mixed(column))
        return np.asarray(state < np.uint64(int(self.gamma * 2**64)))

    def grams(self, tokens: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, "m width_1"]:
        """[m width+1] every run of width + 1 tokens; none where the text is shorter."""
        if len(tokens) <= self.width:
            return np.zeros((0, self.width + 1), np.uint64)
        return np.lib.stride_tricks.sliding_window_view(tokens, self.width + 1)

    def counts(self, grams: UInt64[np.ndarray, "m width_1"], *, repeats: bool = False) -> tuple[int, int]:
        """(green, all) among distinct runs; among all, repeated ones too, where `repeats`."""
        kept = grams if repeats else np.unique(grams, axis=0)
        return int(self.green(kept[:, :-1], kept[:, -1]).sum()), len(kept)

    def z(self, green: int, n: int) -> float:
        """(g - gamma n) / sqrt(n gamma (1 - gamma)); 0 of nothing. Normal by chance, if the n are independent."""
        return 0.0 if n == 0 else (green - self.gamma * n) / float(np.sqrt(n * self.gamma * (1 - self.gamma)))

    def surprise(self, green: Float[np.ndarray, " k"], n: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        """-log P(so many or more green of n), nats, exactly by the binomial; 0 of nothing."""
        return np.asarray(-binom.logsf(green - 1, n, self.gamma))


def numbered(tokens: Sequence[str]) -> UInt64[np.ndarray, " n"]:
    """[n] a number for each token, the same on every machine."""
    known = {
        token: int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        for token in set(tokens)
    }
    return np.array([known[token] for token in tokens], dtype=np.uint64)


def _mixed(x: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    """splitmix64: each bit of the result depends on each bit of x."""
    first, second, third = (np.uint64(m) for m in MULTIPLIERS)
    with np.errstate(over="ignore"):
        x = x + first
        x = (x ^ (x >> np.uint64(30))) * second
        x = (x ^ (x >> np.uint64(27))) * third
    return np.asarray(x ^ (x >> np.uint64(31)))
