"""A linear classifier trained on the data's own groups: it says which group a text reads like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.errors import LensError, NotApplicable
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.lenses.text._hashing import BUCKETS, counted, projected
from genbench.lenses.text._surface import TextSurface

FOLDS = 5
STEPS = 5000


@lens(modality="text", cites=["Weinberger et al. 2009, arXiv:0902.2206 (feature hashing)"])
class Classifier(TextSurface):
    """A linear classifier of hashed character n-grams, trained on the train split's groups; features as text.ngrams.

    strength: the inverse of the penalty of a support vector machine, one group against the rest. The confusion matrix
    is counted by cross-validation within the train split: each item is judged by a classifier that has not seen it,
    and held-out items stay unseen by the lens.
    """

    def __init__(self, *, dimensions: int = 128, strength: float = 1.0) -> None:
        self.dimensions, self.strength = dimensions, strength
        self.names: tuple[str, ...] = ()
        self.confusion = np.zeros((0, 0), np.int64)
        self.weights = np.zeros((0, BUCKETS))  # [k buckets]
        self.offsets = np.zeros(0)  # [k]

    def learn(self, data: Dataset, seed: int) -> None:
        """Fits with the squared hinge loss. `NotApplicable` where the train split has no two groups to tell apart."""
        if data.groups is None:
            raise NotApplicable(
                f"the lens text.classifier learns from groups, and {data.name!r} has none: name its `group` column or "
                "field, put the texts in one folder per group, or choose the lens text.ngrams"
            )
        x, y = counted(data.take("train")), data.labels("train").astype(np.int64)
        sizes = np.bincount(y)[np.unique(y)]
        if len(sizes) < 2 or sizes.sum() < FOLDS:
            raise NotApplicable(f"the train split of {data.name!r} has {len(sizes)} group(s); two are needed")
        model = LinearSVC(C=self.strength, max_iter=STEPS, random_state=derive(seed, "classifier") % 2**32)
        folds = StratifiedKFold if sizes.min() >= FOLDS else KFold
        splitter = folds(FOLDS, shuffle=True, random_state=derive(seed, "folds") % 2**32)
        said = cross_val_predict(model, x, y, cv=splitter)
        k = len(data.groups.names)
        self.names = data.groups.names
        self.confusion = np.bincount(y * k + said, minlength=k * k).reshape(k, k)
        model.fit(x, y)
        self.weights, self.offsets = np.zeros((k, BUCKETS)), np.full(k, -np.inf)
        if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes: the second against the first
            self.weights[model.classes_[1]] = model.coef_[0]
            self.offsets[model.classes_] = 0.0, model.intercept_[0]
        else:
            self.weights[model.classes_], self.offsets[model.classes_] = model.coef_, model.intercept_

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return projected(counted(items), self.dimensions)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The group each text reads like, with the confusion on real items."""
        if not self.names:
            raise LensError("text.classifier has not learned yet: call learn(data, seed) or restore(...)")
        scores = np.asarray(counted(items) @ self.weights.T) + self.offsets
        return Annotations(scores.argmax(axis=1).astype(np.int64), self.names, self.confusion)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {"weights": self.weights, "offsets": self.offsets, "confusion": self.confusion}
        return arrays, {"names": list(self.names)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.names = tuple(meta["names"])
        self.weights, self.offsets = np.asarray(arrays["weights"]), np.asarray(arrays["offsets"])
        self.confusion = np.asarray(arrays["confusion"])
