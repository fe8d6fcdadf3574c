"""Do the outputs teach a classifier what real items would?"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Features, Labels, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import normal_interval, wilson, with_floor

LEAST = 20  # items to learn from, and to judge by
GROUPS = 10  # refits a side


@probe(
    reports={
        "lost": Metric(
            unit="share of held-out items",
            better="lower",
            title="Accuracy lost by learning from outputs",
            summary="By how much a classifier trained on outputs falls behind one trained on as many real items.",
            reading="0: outputs teach as much as real items do; below 0 they teach more. Kinds left out, wrong or "
            "without variety show here, in the accuracies by class most of all.",
            margin=0.01,
        ),
        "accuracy": Metric(
            unit="share of held-out items",
            better="higher",
            title="Classification accuracy score",
            summary="Accuracy, on held-out real items, of a classifier trained on outputs.",
            reading="The floor is that of the same classifier trained on as many real items.",
            margin=0.01,
        ),
    },
    cites=["Ravuri and Vinyals 2019, arXiv:1905.10887", "Santurkar et al. 2018, arXiv:1711.00970"],
    control="k of 10 kinds dropped: accuracy falls by their share",
    truth="real items in the outputs' place: nothing is lost",
)
def classification(
    generated: Features, generated_said: Annotations, held_out: Features, held_out_true: Labels, train: Features,
    train_true: Labels, *, rng: Rng, limit: int = 4000,
) -> Estimates:  # fmt: skip
    """Train on outputs, test on real: how much a classifier loses that learned from outputs instead of real items.

    The classifier is a multinomial logistic regression on standardized features [n d]. accuracy = mean over held-out
    items of 1[f(x) = label], f fitted on n outputs with the annotator's labels; lost = the same with f fitted on n
    training items, minus that, n = as many as both sides have, `limit` at most. Real items are of the class that the
    dataset says, so an annotator's mistakes on outputs count as the outputs'. Where one network gives both features and
    the outputs' labels, whatever falls where it puts a label teaches that label, and only grave faults show.

    Interval: held-out items random (for `lost` paired), and both fits' own chance, by a delete-group jackknife of 10
    refits a side. Floor: 0, and for `accuracy` that of the real-trained one. At failure `accuracy` is the share of the
    class that is always said. Classes that the outputs never show cannot be learned from them, and count as lost.
    """
    names = held_out_true.names
    if len(names) < 2 or set(names) != set(generated_said.names):
        raise NotApplicable(
            f"needs 2 or more classes that the dataset names as the annotator does, got {names}, {generated_said.names}"
        )
    renamed = np.array([names.index(name) for name in generated_said.names])
    fake, real, judged = (
        _Labelled(finite_rows(side.x, role), labels)
        for side, labels, role in (
            (generated, renamed[generated_said.labels], "generated"), (train, train_true.labels, "train"),
            (held_out, held_out_true.labels, "held_out"),
        )
    )  # fmt: skip
    n = min(len(fake.x), len(real.x), limit)
    if min(n, len(judged.x)) < LEAST:
        raise NotApplicable(
            f"needs {LEAST} items of each, got {len(fake.x)} outputs, {len(real.x)} train, {len(judged.x)} held-out"
        )
    if len(np.unique(real.labels)) < 2 or len(np.unique(judged.labels)) < 2:
        raise NotApplicable("all real items are of one class, so there is nothing to learn")
    fake, real = (side.some(rng.permutation(len(side.x))[:n]) for side in (fake, real))
    ours, theirs = _hits(fake, judged), _hits(real, judged)
    own, other = _refit_error(fake, judged), _refit_error(real, judged)
    facts: dict[str, Json] = {
        "n of each to learn from": n,
        "accuracy by class": _by_class(ours, judged.labels, names),
        "accuracy by class, real-trained": _by_class(theirs, judged.labels, names),
        "classes that outputs never show": [
            name for i, name in enumerate(names) if not (fake.labels == i).any() and (judged.labels == i).any()
        ],
    }
    m, difference = len(judged.x), theirs - ours
    values = Detail(tuple(ours.tolist()), held_out.keys if len(held_out.keys) == m else (), facts=facts)
    paired = math.sqrt(float(difference.var(ddof=1)) / m + own**2 + other**2 + 1 / m**2)  # one item's worth at least
    lost = normal_interval(float(difference.mean()), paired, method="held-out items paired, and refits, random")
    value, floor = float(ours.mean()), float(theirs.mean())
    found = with_floor(value, _accuracy_interval(ours, own), floor, _accuracy_interval(theirs, other))
    accuracy = Interval(max(0.0, found.low), min(1.0, found.high), found.level, found.method)
    return {
        "lost": Estimate(float(difference.mean()), n, lost, 0.0, Detail(facts=facts)),
        "accuracy": Estimate(value, n, accuracy, floor, values),
    }


@dataclass(frozen=True, eq=False)
class _Labelled:
    x: Float[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]

    def some(self, which: Int[np.ndarray, " m"]) -> _Labelled:
        return _Labelled(self.x[which], self.labels[which])


def _hits(seen: _Labelled, judged: _Labelled) -> Float[np.ndarray, " m"]:
    """1 where a classifier fitted on `seen` says the label of a judged item, else 0."""
    if len(np.unique(seen.labels)) == 1:
        said = np.full(len(judged.x), seen.labels[0])
    else:
        classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a bounded fit is part of the definition
            said = classifier.fit(seen.x, seen.labels).predict(judged.x)
    hits: np.ndarray = (said == judged.labels).astype(np.float64)
    return hits


def _refit_error(seen: _Labelled, judged: _Labelled) -> float:
    """Standard error of the accuracy by the chance of what was learned from; rows are in random order."""
    everyone = np.arange(len(seen.x))
    accuracies = np.array([
        _hits(seen.some(np.setdiff1d(everyone, group, assume_unique=True)), judged).mean()
        for group in np.array_split(everyone, GROUPS)
    ])  # fmt: skip
    return math.sqrt((GROUPS - 1) / GROUPS * float(np.square(accuracies - accuracies.mean()).sum()))


def _accuracy_interval(hits: Float[np.ndarray, " m"], refit_error: float) -> Interval:
    """Wilson's over held-out items, with the reach of refits added as independent errors add."""
    value, own = float(hits.mean()), wilson(float(hits.sum()), len(hits))
    low = value - math.hypot(value - own.low, 1.96 * refit_error)
    high = value + math.hypot(own.high - value, 1.96 * refit_error)
    return Interval(max(0.0, low), min(1.0, high), own.level, "Wilson over held-out items, and refits")


def _by_class(hits: Float[np.ndarray, " m"], labels: Int[np.ndarray, " m"], names: tuple[str, ...]) -> dict[str, Json]:
    return {name: round(float(hits[labels == i].mean()), 4) for i, name in enumerate(names) if (labels == i).any()}
