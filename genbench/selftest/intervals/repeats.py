"""Intervals of what comes out again and again, for generators with favourites of known frequency."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from genbench.core.evidence import Features, Rng
from genbench.probes.memorization._tail import chance_tpr
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene

KINDS, N, LEAST = 300, 150, 3
PLACES, TRAINED, HELD_OUT = 60, 0.3, 500


def _kinds(rng: Rng) -> Scene:
    """Outputs are uniform over 300 places on a line, farther apart than the real items, whose gaps all differ."""
    real = np.cumsum(10.0 + np.arange(2 * N))
    far = real[-1] + 1e4 * (1 + rng.integers(KINDS, size=N))
    sides = {"generated": far, "held_out": real[:N], "train": real[N:]}
    return Scene({role: (Features(x[:, None]),) for role, x in sides.items()})


def _favourites(rng: Rng) -> Scene:
    """Sixty favourites that come out 3 to 9 times; each is a training item with probability 0.3, else an unseen one."""
    train, held_out, unseen = (rng.normal(size=(n, 8)) for n in (900, HELD_OUT, PLACES))
    known = rng.random(PLACES) < TRAINED
    items = np.where(known[:, None], train[:PLACES], unseen)
    sides = {"generated": np.repeat(items, rng.integers(3, 10, size=PLACES), axis=0), "train": train}
    return Scene({role: (Features(x),) for role, x in {**sides, "held_out": held_out}.items()})


CASES = (
    Case("jackknife of cliques", f"{N} draws from {KINDS} kinds", float(binom.sf(LEAST - 2, N - 1, 1 / KINDS)),
         by_probe("memorization.cliques.share", _kinds, from_floor=True), ("memorization.cliques.share",)),
    Case("TPR at 1 % FPR of medoids, cliques together", f"{PLACES} favourites, 0.3 of them training items",
         TRAINED + (1 - TRAINED) * chance_tpr(HELD_OUT), by_probe("memorization.cliques.extracted", _favourites),
         ("memorization.cliques.extracted",)),
)  # fmt: skip
