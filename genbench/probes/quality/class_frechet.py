"""How far do the outputs of each class lie from real items of that class?"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Int

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.class_frechet import ClassDistances, class_distances
from genbench.stats.classed import Classed
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import normal_interval, squared_interval
from genbench.stats.inversion import inverted
from genbench.stats.shares import identified

LEAST = 8  # items of a class a side
DRAWS = 1000
LEVEL = 0.95
METHOD = "infinitesimal jackknife, both samples random"


@probe(
    reports={
        "mean": Metric(
            unit="squared feature units",
            better="lower",
            title="Fréchet distance within classes, mean",
            summary="How far the outputs of a class lie from real items of that class, on average over classes.",
            reading="0 is perfect. Compare it with the floor, and with distances through the same lens only. Above the "
            "Fréchet distance of all outputs: classes are ill made in ways that cancel out over all of them.",
        ),
        "worst": Metric(
            unit="squared feature units",
            better="lower",
            title="Fréchet distance within the worst class",
            summary="How far the outputs of the worst made class lie from real items of that class.",
            reading="0 is perfect, and the mean where all classes are made alike. Its interval holds for the worst of "
            "all classes; the table behind it has each.",
        ),
    },
    cites=[
        "Miyato and Koyama 2018, arXiv:1802.05637 (intra-FID: a Fréchet distance for each class)",
        "Liu et al. 2018, arXiv:1803.07474 (class-aware Fréchet distance, means and covariances by class)",
        "Friedman 1989, doi:10.1080/01621459.1989.10478752 (one covariance for all classes where items are few)",
    ],
    control="classes moved against one another, so that all of them together keep their mean",
    truth="classes of one covariance S moved by v_k, and widened to s: |v_k|^2 + (s - 1)^2 tr S",
)
def class_frechet(
    generated: Features, generated_said: Annotations, held_out: Features, held_out_said: Annotations, train: Features,
    train_said: Annotations, *, rng: Rng,
) -> Estimates:  # fmt: skip
    """Fréchet distance of outputs and held-out items of each class k, features [n d]; the mean over k, and the worst.

    d_k^2 = |a_k - b_k|^2 + tr(S + R - 2 (S R)^1/2): means a_k, b_k of class k, and covariances S, R within classes,
    each pooled over all of them in their shares of held-out items. A class of 50 items has no d x d covariance of its
    own (intra-FID wants thousands of each); it has a mean, and all classes together a covariance. So a class is told by
    where its outputs lie, and how varied the outputs within classes are by the same second part for all: of one class
    alone drawn in, `bias.group_quality` tells. Every class counts as much in the mean, however few its outputs; in what
    shares classes are shown is not told here. Shares far from those of held-out items, or a class much broader than
    others, leave S worth fewer items than there are; a fact tells how many.

    The biases of both parts are taken off, the next order of the second one by extrapolation from halves, as in
    `quality.frechet`. Intervals: outputs and held-out items random, infinitesimal jackknife with the second order
    added; of the worst class from the largest lower end that holds for all classes at once (Bonferroni) to the largest
    upper end of each by itself, as whichever is the worst lies below its own. The largest of k noisy distances lies too
    high by chance: the estimate inverts that (the worst class off, the others alike, noise as estimated). Floor:
    training items in the outputs' place, as many of each class as both have. Where it is clearly not 0, n is too small
    for d and the intervals reach down by as much, as there.

    Classes are what the annotator says on both sides, so that its mistakes are alike: where it takes one class for
    another, two are measured mixed; `NotApplicable` where it cannot tell them apart. Classes with fewer than 8 items a
    side are left out and named. At perfection 0 (it may fall slightly below), at failure without bound.
    """
    names = held_out_said.names
    if not names == generated_said.names == train_said.names:
        raise NotApplicable("outputs, held-out and training items were not given the same classes")
    if generated_said.confusion is not None:
        identified(generated_said.confusion, names)
    sides = (generated, generated_said), (held_out, held_out_said), (train, train_said)
    rows = [finite_rows(x.x, role) for (x, _), role in zip(sides, ("generated", "held_out", "train"), strict=True)]
    counts = np.stack([np.bincount(said.labels, minlength=len(names)) for _, said in sides])
    kept = np.flatnonzero(counts.min(axis=0) >= LEAST)
    if len(kept) < 2:
        raise NotApplicable(
            f"needs two classes with {LEAST} outputs, held-out and training items each; the classes have "
            f"{counts[0].tolist()} outputs, {counts[1].tolist()} held-out, {counts[2].tolist()} training items"
        )
    made, real, known = (Classed.of(x, said.labels, kept) for x, (_, said) in zip(rows, sides, strict=True))
    found = class_distances(made, real, rng=rng)
    twin = class_distances(_as_many(known, np.bincount(made.labels), rng), real, rng=rng)
    left = _left(found, twin)
    facts: dict[str, Json] = {
        "covariances' part": found.shared, "bias taken off it": found.bias, "d": made.x.shape[1],
        "outputs of a class, fewest": int(np.bincount(made.labels).min()),
        "items that a covariance is worth": found.worth,
        "classes too small to judge": [name for k, name in enumerate(names) if k not in kept and counts[1, k] > 0],
    }  # fmt: skip
    if left[0]:
        facts["bias that may be left"] = left[0]
    own = squared_interval(found.mean, found.mean_error, found.mean_second, level=LEVEL, method=METHOD)
    interval = _down(own, found.mean, found.mean_error, left)
    told = tuple(names[k] for k in kept)
    return {
        "mean": Estimate(found.mean, len(made), interval, max(0.0, twin.mean), Detail(facts=facts)),
        "worst": _worst(found, twin, told, len(made), left, rng),
    }


def _as_many(side: Classed, sizes: Int[np.ndarray, " k"], rng: Rng) -> Classed:
    """Rows of each class, as many as `sizes` says or there are."""
    chosen = [rng.permutation(np.flatnonzero(side.labels == k))[:size] for k, size in enumerate(sizes)]
    rows = np.concatenate(chosen)
    return Classed(side.x[rows], side.labels[rows])


def _left(found: ClassDistances, twin: ClassDistances) -> tuple[float, float]:
    """(bias that may be left, its error): what real against real shows of it, in proportion to what was taken off."""
    if twin.mean <= 1.96 * twin.mean_error or twin.bias <= 0:
        return 0.0, 0.0
    ratio = max(found.bias, 0.0) / twin.bias
    return twin.mean * ratio, twin.mean_error * ratio


def _down(own: Interval, value: float, error: float, left: tuple[float, float]) -> Interval:
    """The interval with the bias that may be left below it."""
    if not left[0]:
        return own
    low = normal_interval(value - left[0], math.hypot(error, left[1]), level=own.level).low
    return Interval(min(low, own.low), own.high, own.level, f"{own.method}; bias left below")


def _worst(
    found: ClassDistances, twin: ClassDistances, names: tuple[str, ...], n: int, left: tuple[float, float], rng: Rng
) -> Estimate:
    """The largest distance, chance taken off, beside the largest of real items."""
    jointly = 1 - (1 - LEVEL) / len(names)
    each = list(zip(found.values.tolist(), found.errors.tolist(), found.second_order.tolist(), strict=True))
    bands = [_down(squared_interval(v, e, s, level=jointly), v, e, left) for v, e, s in each]
    low = max(band.low for band in bands)
    high = max(squared_interval(v, e, s, level=LEVEL).high for v, e, s in each)
    value, worst = _largest(found, rng)
    facts: dict[str, Json] = {
        "worst class": names[worst],
        "by class, all at once": {
            name: f"{v:.4g} [{b.low:.4g}, {b.high:.4g}]" for name, v, b in zip(names, found.values, bands, strict=True)
        },
    }
    interval = Interval(low, high, LEVEL, "bands over all classes, both samples random")
    floor = max(0.0, _largest(twin, rng)[0])
    return Estimate(min(max(value, low), high), n, interval, floor, Detail(facts=facts))


def _largest(found: ClassDistances, rng: Rng) -> tuple[float, int]:
    """The largest of the classes' distances, less what chance adds to the largest of that many; and which it is."""
    k = len(found.values)
    centring = np.eye(k) - 1 / k
    excess, worst = centring @ found.values, int(found.values.argmax())
    noise = rng.normal(size=(DRAWS, k)) * np.sqrt(found.means_noise) @ centring
    pattern = centring[worst] / centring[worst, worst]  # 1 for the worst class, and what balances it for the others
    most = 2 * float(excess[worst]) + 4 * float(np.sqrt(found.means_noise.max()))
    true = inverted(float(excess[worst]), lambda t: (t * pattern + noise).max(axis=1), max(most, 1e-9))
    return found.mean + true.value, worst
