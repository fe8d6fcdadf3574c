"""Detectors of made items: fitted on one half of outputs and real items, asked about the other half, or about others'.

A detector of one model may be asked about another's outputs: does it know how that model's outputs look, or how outputs
look? What it was fitted on is never among what it is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from genbench.core.evidence import Features, Rng
from genbench.core.score import Interval
from genbench.stats.roc import auc, auc_interval

Kind: TypeAlias = Literal["better", "logistic regression", "nearest neighbours"]
LEAST = 20  # items a side that an answer rests on
HEARS = 2 / 3  # the AUC from which a detector hears: it puts two outputs in three above a real item


@dataclass(frozen=True, eq=False)
class Dealt:
    """One side's distinct items in two halves of one size: to fit on, and to judge. keys: of each, where known."""

    fit: Float[np.ndarray, "n d"]
    judged: Float[np.ndarray, "n d"]
    fit_keys: tuple[str, ...] = ()
    judged_keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Items a half."""
        return len(self.fit)


def dealt(side: Features, limit: int, rng: Rng) -> Dealt:
    """Distinct rows, at most `limit`, in random order and by turns into the two halves; an odd one is left out.

    The same chance deals as many rows alike, whatever is in them: item i of two lists, such as the same pictures saved
    in two formats, falls into the same half of both, but behind a row that is a repetition in one of them alone.
    """
    order = rng.permutation(len(side))
    x = side.x[order]
    _, first = np.unique(x, axis=0, return_index=True)
    kept = np.sort(first)[:limit]
    half = len(kept) // 2
    halves = kept[0::2][:half], kept[1::2][:half]
    keys = [tuple(side.keys[int(i)] for i in order[rows]) if side.keys else () for rows in halves]
    return Dealt(x[halves[0]], x[halves[1]], *keys)


@dataclass(frozen=True, eq=False)
class Detector:
    """A fitted detector, `name` the kind that was chosen, and the outputs and real items it was fitted on."""

    name: str
    judge: Any  # a pipeline of scikit-learn's, which is imported where one is fitted: every run imports this file
    outputs: Dealt
    real: Dealt

    def scores(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """How likely each row [n d] was made, by the detector."""
        said: np.ndarray = self.judge.predict_proba(x.astype(np.float64))[:, 1]
        return said


def fitted(outputs: Dealt, real: Dealt, folds: int, kind: Kind, rng: Rng) -> Detector:
    """A detector of these outputs, fitted on as many outputs as real items of the halves that are for that.

    kind: "better" is the one that tells more of them apart in cross-validation of `folds` parts, within that half.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n = min(len(outputs), len(real))
    x, y = np.concatenate([outputs.fit[:n], real.fit[:n]]).astype(np.float64), np.repeat([1, 0], n)
    splits = StratifiedKFold(folds, shuffle=True, random_state=int(rng.integers(2**31)))
    detectors = _detectors(n)
    if kind == "better":
        found = {
            name: cross_val_predict(judge, x, y, cv=splits, method="predict_proba")[:, 1]
            for name, judge in detectors.items()
        }
        kind = max(detectors, key=lambda name: auc(found[name][:n], found[name][n:]))
    return Detector(kind, detectors[kind].fit(x, y), outputs, real)


@dataclass(frozen=True)
class Answer:
    """What a detector makes of some outputs and real items, n and m of them: its AUC with DeLong's interval.

    Both sides of what is judged are random; the detector is given, and another draw of what it was fitted on would be
    another detector. joint: the interval at a level that holds for all cells of a table together.
    """

    auc: float
    interval: Interval
    joint: Interval
    outputs: int
    real: int


def asked(detector: Detector, outputs: Dealt, real: Dealt, level: float = 0.95) -> Answer | None:
    """The detector about the judged halves of these sides; None where fewer than 20 a side are left.

    As many outputs as real items are judged. Left out is what it was fitted on: an output that is the same in every
    coordinate, and a real item of the same key, or, without keys, the same in every coordinate. level: of `joint`.
    """
    n = min(len(outputs), len(real))
    made = outputs.judged[:n][_others(outputs.judged[:n], detector.outputs.fit)]
    if real.judged_keys:
        known = set(detector.real.fit_keys)
        fresh = np.array([key not in known for key in real.judged_keys[:n]], dtype=bool)
    else:
        fresh = _others(real.judged[:n], detector.real.fit)
    others = real.judged[:n][fresh]
    if min(len(made), len(others)) < LEAST:
        return None
    positive, negative = detector.scores(made), detector.scores(others)
    return Answer(
        auc(positive, negative), auc_interval(positive, negative), auc_interval(positive, negative, level=level),
        len(made), len(others),
    )  # fmt: skip


Verdict: TypeAlias = Literal["hears", "does not hear", "nothing follows", "cannot tell"]


def crossed(
    detectors: Sequence[Detector], sides: Sequence[tuple[Dealt, Dealt]], level: float = 0.95
) -> list[list[Answer | None]]:
    """Row i: the i-th detector about each model's (outputs, real items); `joint` holds for all cells at `level`.

    Joint by Bonferroni's inequality, as cells of one row share a detector and those of one column the judged items.
    """
    cells = len(detectors) * len(sides)
    each = 1 - (1 - level) / max(1, cells)
    return [[asked(detector, *of, level=each) for of in sides] for detector in detectors]


def verdict(answer: Answer, trained: Answer | None, judged: Answer | None) -> Verdict:
    """What an answer shows, beside those of two detectors about their own models: the one asked, and the judged one's.

    It hears where the whole joint interval lies above 2/3. Below, it does not hear, which says something where its own
    model and the judged one are both heard by their own detectors; else nothing follows, as it may have learned nothing
    or there may be nothing to hear. Astride: cannot tell.
    """
    if answer.joint.low > HEARS:
        return "hears"
    if answer.joint.high >= HEARS:
        return "cannot tell"
    both = all(own is not None and own.joint.low > HEARS for own in (trained, judged))
    return "does not hear" if both else "nothing follows"


def _others(rows: Float[np.ndarray, "n d"], known: Float[np.ndarray, "m d"]) -> np.ndarray:
    """Which rows are none of the known ones: [n] bool."""
    seen = {row.tobytes() for row in known}
    return np.array([row.tobytes() not in seen for row in rows], dtype=bool)


def _detectors(n: int) -> dict[Kind, Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)),
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(max(5, int(np.sqrt(n)) // 2))),
    }
