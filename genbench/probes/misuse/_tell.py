"""Outputs told from real items of their length by one number of each, such as its likelihood."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Rng
from genbench.core.score import Detail, Estimate, Json
from genbench.stats.roc import auc, auc_interval

LEAST = 20  # matched pairs a half
NEAR = 0.1  # by how much, of the shorter, the lengths of a pair may differ


@dataclass(frozen=True, eq=False)
class Side:
    """Items of one side: a number of each, and its length in units."""

    each: Float[np.ndarray, " n"]
    units: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.units)


def distinct(each: Float[np.ndarray, " n"], units: Int[np.ndarray, " n"]) -> Side:
    """Items that differ in either, without those of no length."""
    rows = np.unique(np.stack([each.astype(np.float64), units.astype(np.float64)], axis=1), axis=0)
    rows = rows[rows[:, 1] > 0]
    return Side(rows[:, 0], rows[:, 1].astype(np.int64))


def told(outputs: Side, real: Side, what: str, facts: dict[str, Json], rng: Rng) -> Estimate:
    """AUC, on unseen items, of a logistic regression on the number and its square, with DeLong's interval.

    Every output is paired with a real item whose length differs by a tenth at most; what finds no pair is left out and
    counted. Fitted on one half of the pairs; the other half is judged. what: the number in words. `NotApplicable` where
    fewer than 40 pairs are found.
    """
    pairs = paired(outputs.units, real.units, rng)
    half = len(pairs) // 2
    if half < LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} outputs with a real item of their length, got {len(pairs)} of {len(outputs)}"
        )
    fake, other = outputs.each[pairs[:, 0]], real.each[pairs[:, 1]]
    judge = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LogisticRegression(max_iter=300))
    judge.fit(np.concatenate([fake[:half], other[:half]])[:, None], np.repeat([1, 0], half))
    made, others = (judge.decision_function(side[half:, None]) for side in (fake, other))
    facts = {
        f"{what}, outputs": round(float(fake.mean()), 4),
        f"{what}, real items": round(float(other.mean()), 4),
        "outputs without a real item of their length": len(outputs) - len(pairs),
        **facts,
    }
    return Estimate(auc(made, others), len(made), auc_interval(made, others), 0.5, Detail(facts=facts))


def paired(first: Int[np.ndarray, " n"], second: Int[np.ndarray, " m"], rng: Rng) -> Int[np.ndarray, "k 2"]:
    """[k 2] places (of first, of second), in random order: each of first with the nearest length that is left."""
    order = rng.permutation(len(second))
    left = order[np.argsort(second[order], kind="stable")].tolist()
    lengths = second[np.array(left, dtype=np.int64)].tolist()
    pairs = []
    for i in rng.permutation(len(first)).tolist():
        at, wanted = bisect_left(lengths, int(first[i])), int(first[i])
        near = [j for j in (at - 1, at) if 0 <= j < len(left)]
        if not near:
            break
        best = min(near, key=lambda j: abs(lengths[j] - wanted))
        if max(lengths[best], wanted) <= (1 + NEAR) * min(lengths[best], wanted):
            pairs.append((i, left.pop(best)))
            lengths.pop(best)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
