"""Randomness by name: a stream depends on what it is for, never on what ran before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


def stream(seed: int, *names: object) -> np.random.Generator:
    """A generator for one purpose, e.g. `stream(0, "quality.frechet", "vae")`."""
    return np.random.default_rng(derive(seed, *names))


def derive(seed: int, *names: object) -> int:
    """A 63-bit seed for one purpose."""
    raw = "\x1f".join([str(seed), *map(str, names)]).encode()
    return int.from_bytes(hashlib.sha256(raw).digest()[:8], "big") >> 1


def sample_seeds(seed: int, n: int, *names: object) -> Sequence[int]:
    """One seed per sample index, so neither batch size nor n changes sample i."""
    root = derive(seed, *names)
    return [derive(root, i) for i in range(n)]
