"""The Inception Score's formula: are outputs classified with confidence, and into many classes?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Annotations
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.intervals import normal_interval, with_floor

LEAST = 20  # items a side
SPLITS = 10  # of the published score


class Logged(NamedTuple):
    """log of the score, and its standard error over items."""

    value: float
    error: float


@probe(
    reports={
        "score": Metric(
            unit="effective classes",
            better="higher",
            title="Classifier score (the Inception Score's formula)",
            summary="How sure a classifier is of single outputs, and how evenly they fall into its classes.",
            reading="1: no information; the number of classes at most. Read it against the floor, which real items "
            "reach. Known to be fooled: one picture per class, copied for ever, scores highest; real items are never "
            "looked at; classes of another world (ImageNet's, for faces) mean nothing; copies count as good as new.",
            context=True,
            sized="value",
        )
    },
    cites=[
        "Salimans et al. 2016, arXiv:1606.03498 (Inception Score)",
        "Barratt and Sharma 2018, arXiv:1801.01973 (what is wrong with it)",
    ],
    control="outputs of one class: 1",
    truth="k classes, each item certain, evenly many: k",
)
def classifier_score(generated: Annotations, held_out: Annotations) -> Estimates:
    """exp(mean_i KL(p_i || mean p)) over the annotator's class probabilities p [n k].

    Called Inception Score only through the lens image.inception_classes, as the lens says; through any other it is the
    same formula about that annotator's classes. Value: all n outputs at once. The published number is the mean over
    ten splits of n / 10, which are biased lower for want of items, and its spread over splits is no standard error; it
    stands in the details. Bias: the entropy of mean p falls short by sum_c var(p_c) / (2 n mean p_c), told there too
    and left in, as the floor's is alike at the same n.

    Interval: infinitesimal jackknife of the logarithm (the influence of an item is its own KL less the mean), items
    random, with the floor's error. Floor: held-out items. Context only: see what it is fooled by. At failure 1.
    """
    ours, theirs = (_known(side, role) for side, role in ((generated, "generated"), (held_out, "held_out")))
    if generated.names != held_out.names:
        raise NotApplicable("outputs and held-out items were not given the same classes")
    n = min(len(ours), len(theirs))
    own, real = logged(ours), logged(theirs[:n])
    value, floor = math.exp(own.value), math.exp(real.value)
    facts: dict[str, Json] = {
        "as published, mean of 10 splits": float(np.mean([math.exp(logged(s).value) for s in _splits(ours)])),
        "shortfall by bias, share": _shortfall(ours),
        "classes": ours.shape[1],
        "n of the floor": n,
    }
    interval = with_floor(value, _raised(own), floor, _raised(real))
    interval = Interval(max(1.0, interval.low), max(1.0, interval.high), interval.level, interval.method)
    return {"score": Estimate(value, len(ours), interval, floor, Detail(facts=facts))}


def divergences(p: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " n"]:
    """KL(p_i || mean p) in nats, 0 log 0 = 0."""
    mean = p.mean(axis=0)
    ratio = np.divide(p, mean, out=np.ones_like(p), where=(p > 0) & (mean > 0))
    made: np.ndarray = (p * np.log(ratio)).sum(axis=1)
    return made


def logged(p: Float[np.ndarray, "n k"]) -> Logged:
    found = divergences(p)
    return Logged(float(found.mean()), float(found.std(ddof=1)) / math.sqrt(len(p)))


def _known(side: Annotations, role: str) -> Float[np.ndarray, "n k"]:
    if side.probabilities is None:
        raise NotApplicable(
            "this lens names classes and gives no probabilities of them: the Inception Score needs the lens "
            "image.inception_classes; image.classifier gives its own"
        )
    p = np.asarray(side.probabilities, np.float64)
    if len(p) < LEAST:
        raise NotApplicable(f"a score over classes needs {LEAST} items a side, got {len(p)} of {role}")
    spoiled = np.flatnonzero(~np.isfinite(p).all(axis=1) | (p < 0).any(axis=1) | (np.abs(p.sum(axis=1) - 1) > 1e-3))
    if len(spoiled):
        raise ProbeError(f"{role}: the probabilities of item {spoiled[0]} are none ({len(spoiled)} of {len(p)} items)")
    return p


def _splits(p: Float[np.ndarray, "n k"]) -> list[Float[np.ndarray, "m k"]]:
    return [p[rows] for rows in np.array_split(np.arange(len(p)), SPLITS)]


def _shortfall(p: Float[np.ndarray, "n k"]) -> float:
    mean = p.mean(axis=0)
    terms = np.divide(p.var(axis=0, ddof=1), mean, out=np.zeros_like(mean), where=mean > 0)
    return float(terms.sum()) / (2 * len(p))


def _raised(found: Logged) -> Interval:
    around = normal_interval(found.value, found.error)
    return Interval(math.exp(around.low), math.exp(around.high), around.level, "infinitesimal jackknife, items random")
