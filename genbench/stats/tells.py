"""Telling outputs from real items of their length by one number of each, such as what a model makes of their tokens.

A detector is fitted on one half of its pairs and asked about the other half, or about outputs of a model that it was
not fitted for. Who has only one model's log-probabilities is such a detector for all other models: Mireshghallah et
al. 2023, arXiv:2305.09859.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import LogProbs, Rng, TokenLogProbs
from genbench.core.score import Interval
from genbench.stats.detectors import Answer
from genbench.stats.roc import auc, auc_interval

LEAST = 20  # matched pairs a half
NEAR = 0.1  # by how much, of the shorter, the lengths of a pair may differ
FLOOR = 0.5  # the AUC of a detector that knows nothing


@dataclass(frozen=True, eq=False)
class Side:
    """Items of one side: a number of each, and its length in units."""

    each: Float[np.ndarray, " n"]
    units: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.units)

    def without(self, places: Int[np.ndarray, " k"], of: Side) -> Side:
        """The items that are none of those at `places` of another side: of the same number and length."""
        known = set(zip(of.each[places].tolist(), of.units[places].tolist(), strict=True))
        rows = zip(self.each.tolist(), self.units.tolist(), strict=True)
        fresh: Bool[np.ndarray, " n"] = np.array([row not in known for row in rows], dtype=bool)
        return Side(self.each[fresh], self.units[fresh])


def distinct(each: Float[np.ndarray, " n"], units: Int[np.ndarray, " n"]) -> Side:
    """Items that differ in either, without those of no length."""
    rows = np.unique(np.stack([each.astype(np.float64), units.astype(np.float64)], axis=1), axis=0)
    rows = rows[rows[:, 1] > 0]
    return Side(rows[:, 0], rows[:, 1].astype(np.int64))


def by_likelihood(outputs: LogProbs, real: LogProbs) -> tuple[Side, Side, str]:
    """Nats per unit of outputs and real items, and the unit: bytes, or the first that the model counts.

    `NotApplicable` where they are counted in no common unit, `ProbeError` where a log-probability is no number.
    """
    unit = "byte" if "byte" in outputs.counts else next(iter(outputs.counts), "")
    if unit not in outputs.counts or unit not in real.counts:
        raise NotApplicable("the outputs' and the real items' log-probabilities are counted in no common unit")
    for side in (outputs, real):
        if not np.isfinite(side.nats).all():
            raise ProbeError(f"{int((~np.isfinite(side.nats)).sum())} items have a log-probability that is no number")
    made, known = (
        distinct(side.nats / np.maximum(side.counts[unit], 1), side.counts[unit]) for side in (outputs, real)
    )
    return made, known, unit


def by_rank(side: TokenLogProbs) -> Side:
    """Mean -log rank of each item that has a token, and its bytes. `NotApplicable` where either is not known."""
    if side.ranks is None:
        raise NotApplicable("the model tells no ranks of tokens")
    if "byte" not in side.counts:
        raise NotApplicable("the lengths of the items in bytes are not known")
    sizes = np.diff(side.offsets)
    return distinct(mean_log_rank(side)[sizes > 0], side.counts["byte"][sizes > 0])


def mean_log_rank(side: TokenLogProbs) -> Float[np.ndarray, " n"]:
    """-(1/T) sum_t log r_t of each item; 0 for one without a token."""
    assert side.ranks is not None
    sums = np.concatenate([[0.0], np.cumsum(np.log(side.ranks.astype(np.float64)))])[side.offsets]
    mean: np.ndarray = -np.diff(sums) / np.maximum(np.diff(side.offsets), 1)
    return mean


@dataclass(frozen=True, eq=False)
class Tell:
    """A detector by one number of each item, and its pairs [k 2], places (of outputs, of real), in random order.

    judge: fitted on the first half of the pairs. Nothing that it was fitted on is among what it is asked about: both
    sides of that are random and the detector is given, so that DeLong's variance holds.
    """

    judge: Any  # a pipeline of scikit-learn's
    outputs: Side
    real: Side
    pairs: Int[np.ndarray, "k 2"]

    @property
    def half(self) -> int:
        return len(self.pairs) // 2

    def own(self, level: float = 0.95) -> Answer:
        """About the other half of its pairs. level: of `joint`."""
        made, known = self.pairs[self.half :].T
        return self._answer(self.outputs.each[made], self.real.each[known], level)

    def about(self, outputs: Side, rng: Rng, level: float = 0.95) -> Answer | None:
        """About other outputs, each with a real item of its length that is left; None where these are below 20.

        outputs: their number by the same model's account. An output of the same number and length as one that it was
        fitted on is left out: it may be that output.
        """
        fitted = self.pairs[: self.half].T
        made = outputs.without(fitted[0], self.outputs)
        known = self.real.without(fitted[1], self.real)
        pairs = paired(made.units, known.units, rng)
        if len(pairs) < LEAST:
            return None
        return self._answer(made.each[pairs[:, 0]], known.each[pairs[:, 1]], level)

    def _answer(self, made: Float[np.ndarray, " n"], known: Float[np.ndarray, " n"], level: float) -> Answer:
        positive, negative = (self.judge.decision_function(each[:, None]) for each in (made, known))
        interval, joint = (auc_interval(positive, negative, level=at) for at in (0.95, level))
        return Answer(auc(positive, negative), interval, joint, len(made), len(known))


def learned(outputs: Side, real: Side, rng: Rng) -> Tell:
    """A logistic regression on the number and its square, so that too much and too little both count.

    Every output is paired with a real item whose length differs by a tenth at most, and the regression is fitted on one
    half of the pairs. `NotApplicable` where fewer than 40 are found.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    pairs = paired(outputs.units, real.units, rng)
    half = len(pairs) // 2
    if half < LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} outputs with a real item of their length, got {len(pairs)} of {len(outputs)}"
        )
    made, known = outputs.each[pairs[:half, 0]], real.each[pairs[:half, 1]]
    judge = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LogisticRegression(max_iter=300))
    judge.fit(np.concatenate([made, known])[:, None], np.repeat([1, 0], half))
    return Tell(judge, outputs, real, pairs)


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


Verdict: TypeAlias = Literal["tells", "cannot tell"]
Carried: TypeAlias = Literal["carries over", "turns round", "cannot tell"]


def verdict(joint: Interval) -> Verdict:
    """Whether a detector that was fitted on such outputs tells them: its AUC's whole interval lies above 0.5."""
    return "tells" if joint.low > FLOOR else "cannot tell"


def carried(joint: Interval) -> Carried:
    """Whether one that was fitted on others tells them too; below 0.5 it finds them more real than real items."""
    if joint.low > FLOOR:
        return "carries over"
    return "turns round" if joint.high < FLOOR else "cannot tell"
