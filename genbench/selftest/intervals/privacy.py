"""Intervals of memorization's probes, for models that memorized nothing and for one that did."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Features, Fingerprints, LogProbs, Rng
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene

KINDS = 300  # of fingerprints, for repeats within 150 outputs


def _unseen(rng: Rng) -> Scene:
    """A perfect generator: outputs, train and held-out items of one distribution with heavy tails."""
    sizes = {"generated": 300, "train": 900, "held_out": 400}
    return Scene({role: (Features(rng.standard_t(3, size=(n, 4))),) for role, n in sizes.items()})


def _honest(rng: Rng) -> Scene:
    """Members and non-members whose features and losses are alike."""
    sizes = {"train": 300, "held_out": 300}
    return Scene({
        role: (LogProbs(-rng.exponential(size=n), {"byte": np.full(n, 10)}), Features(rng.normal(size=(n, 8))))
        for role, n in sizes.items()
    })  # fmt: skip


def _losses(rng: Rng) -> Scene:
    sides = {"train": 1.0, "held_out": 2.0}
    units = {"byte": np.full(60, 10, dtype=np.int64)}
    return Scene({role: (LogProbs(-10 * rng.normal(loss, 0.4, 60), units),) for role, loss in sides.items()})


def _repeating(rng: Rng) -> Scene:
    made, distinct = rng.integers(KINDS, size=150), 1000 + np.arange(300)
    sides = {"generated": made, "train": distinct[:150], "held_out": distinct[150:]}
    return Scene({role: (Fingerprints(slots[:, None].astype(np.int64), 1.0),) for role, slots in sides.items()})


CASES = (
    Case("TPR at 1 % FPR, neighbours", "unseen real items, heavy tails", 0.01,
         by_probe("memorization.copying.tpr_at_1pct_fpr", _unseen), ("memorization.copying.tpr_at_1pct_fpr",)),
    Case("DeLong, neighbours", "unseen real items, heavy tails", 0.5,
         by_probe("memorization.copying.closer", _unseen), ("memorization.copying.closer",)),
    Case("Wilson at the effective n, with the floor's error", "authenticity past that of real items", 0.0,
         by_probe("memorization.authenticity.authentic", _unseen, from_floor=True),
         ("memorization.authenticity.authentic",)),
    Case("DeLong in cells", "C_T of unseen real items", 0.0, by_probe("memorization.authenticity.c_t", _unseen),
         ("memorization.authenticity.c_t",)),
    Case("DeLong of a blind judge", "members like non-members", 0.5,
         by_probe("memorization.membership.blind_auc", _honest), ("memorization.membership.blind_auc",)),
    Case("Welch of two losses", "relative gap 0.5", 0.5, by_probe("memorization.gap.relative", _losses),
         ("memorization.gap.relative",)),
    Case("Welch of two losses", "gap of 1 nat per unit", 1.0, by_probe("memorization.gap.nats_per_unit", _losses),
         ("memorization.gap.nats_per_unit",)),
    Case("jackknife of repeats", "150 draws from 300 kinds", 1 - (1 - 1 / KINDS) ** 149,
         by_probe("memorization.duplicates.within_output", _repeating), ("memorization.duplicates.within_output",)),
)  # fmt: skip
