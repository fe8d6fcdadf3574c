"""Near-duplicates, of the training items and within the output, by fingerprints that survive small changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Fingerprints, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Metric
from genbench.stats.intervals import effective_n, hull, normal_interval, wilson, with_floor

BLOCK = 256
SHOWN = 6
CONTRAST = 0.5  # a copy differs from a training item in at most half the slots it differs in from any unseen item


@probe(
    reports={
        "of_train": Metric(
            unit="share of outputs",
            better="lower",
            title="Near-duplicates of training items",
            summary="Share of outputs whose fingerprint nearly equals a training item's, and no unseen item's as much.",
            reading="The floor is the share of held-out real items that do the same by chance; above it, items were "
            "copied.",
            tolerance=0.02,
            margin=0.01,
        ),
        "within_output": Metric(
            unit="share of outputs",
            better="lower",
            title="Near-duplicates within the output",
            summary="Share of outputs that nearly equal another output.",
            reading="The floor is what as many real items show among themselves; above it, the model repeats itself.",
            tolerance=0.05,
            margin=0.02,
            sized="value",
        ),
    },
    cites=[
        "Broder 1997, doi:10.1109/SEQUEN.1997.666900 (MinHash)",
        "Somepalli et al. 2023, arXiv:2212.03860",
        "Carlini et al. 2023, arXiv:2301.13188 (likeness relative to other real items)",
    ],
    control="copycat; one training item repeated 50 times",
    truth="k planted duplicates among n distinct fingerprints: k / n",
)
def duplicates(generated: Fingerprints, train: Fingerprints, held_out: Fingerprints, *, rng: Rng) -> Estimates:
    """Shares of outputs with a near-duplicate: at least `near` of their k fingerprint slots are equal, slots [n k].

    of_train: mean_i 1[a_i >= near and 1 - a_i <= (1 - b_i) / 2], a_i the likeness of output i to its likest training
    item, b_i to its likest held-out item. The second half keeps an average-looking output, near to every real item and
    so by chance near enough to one of them, from counting as a copy. Floor: the same share for held-out items, b_i
    among the others. within_output: mean_i 1[another output is at `near` or above], floor among equally many held-out
    items.

    Intervals: of_train Wilson's over outputs, where those that nearly, not wholly, equal one training item count as one
    cluster: a model that goes to one place again and again is near something there by chance, but equal to it by
    chance it is not. within_output jackknife over outputs, hulled with Wilson's over n/2
    pairs, as repeats come in twos at least. Both then add the floor's own error, measured as it is on held-out items.
    At perfection the floor, at failure 1. Source: doi:10.1109/SEQUEN.1997.666900; arXiv:2212.03860.
    """
    if min(len(generated), len(train), len(held_out)) < 2:
        raise NotApplicable(
            f"duplicates need 2 items of each, got {len(generated)} outputs, {len(train)} train, "
            f"{len(held_out)} held-out"
        )
    return {
        "of_train": _of_train(generated, train, held_out),
        "within_output": _within(generated, held_out, rng),
    }


def _of_train(generated: Fingerprints, train: Fingerprints, held_out: Fingerprints) -> Estimate:
    near, n, m = generated.near, len(generated), len(held_out)
    seen, unseen = most_alike(generated.slots, train.slots, near), most_alike(generated.slots, held_out.slots, near)
    copied = _copies(seen.likeness, unseen.likeness, near)
    others = most_alike(held_out.slots, held_out.slots, near, exclude_self=True)
    by_chance = _copies(most_alike(held_out.slots, train.slots, near).likeness, others.likeness, near)
    share, floor = float(copied.mean()), float(by_chance.mean())
    exact = seen.likeness == 1.0
    places = np.where(copied & ~exact, seen.which, len(train) + np.arange(n))
    trials = effective_n(copied, places)
    own, floors = wilson(share * trials, trials), wilson(int(by_chance.sum()), m)
    exhibits = tuple(
        Exhibit(
            "an output, and the training item it nearly duplicates; the number is their share of equal slots",
            (ItemRef("generated", int(i)), ItemRef("train", int(seen.which[i]))),
            float(seen.likeness[i]),
        )
        for i in np.argsort(np.where(copied, -seen.likeness, 1.0), kind="stable")[:SHOWN]
        if copied[i]
    )
    facts = {
        "likeness that counts": near,
        "held-out items that do the same": floor,
        "training items met": len(np.unique(seen.which[copied])),
        "outputs as near to unseen items": int(((seen.likeness >= near) & ~copied).sum()),
    }
    keys = generated.keys if len(generated.keys) == n else ()
    detail = Detail(tuple(copied.astype(float).tolist()), keys, exhibits=exhibits, facts=facts)
    return Estimate(share, n, _within_unit(with_floor(share, own, floor, floors)), floor, detail)


def _within(generated: Fingerprints, held_out: Fingerprints, rng: Rng) -> Estimate:
    near, n = generated.near, min(len(generated), len(held_out))
    chosen = rng.permutation(len(generated))[:n]
    found = most_alike(generated.slots[chosen], generated.slots[chosen], near, exclude_self=True)
    real = most_alike(held_out.slots[:n], held_out.slots[:n], near, exclude_self=True)
    share, floor = float((found.many > 0).mean()), float((real.many > 0).mean())
    exhibits = tuple(
        Exhibit(
            "two outputs that nearly equal one another; the number is their share of equal slots",
            (ItemRef("generated", int(chosen[i])), ItemRef("generated", int(chosen[found.which[i]]))),
            float(found.likeness[i]),
        )
        for i in np.argsort(-found.likeness, kind="stable")
        if found.many[i] and (i < found.which[i] or found.which[found.which[i]] != i)  # a pair is shown once
    )[:SHOWN]
    interval = with_floor(share, _repeats_interval(found), floor, _repeats_interval(real))
    return Estimate(share, n, _within_unit(interval), floor, Detail(exhibits=exhibits))


class Alike(NamedTuple):
    """Of each query [n]: share of slots equal to its likest point's, that point, and how many points are at `near`."""

    likeness: Float[np.ndarray, " n"]
    which: Int[np.ndarray, " n"]
    many: Int[np.ndarray, " n"]


def most_alike(
    queries: Int[np.ndarray, "n k"], points: Int[np.ndarray, "m k"], near: float, *, exclude_self: bool = False
) -> Alike:
    """The likest point of each query, in blocks of bounded memory; bits are counted by one matrix product."""
    n, k = queries.shape
    best, index, many = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    bits = all(((slots == 0) | (slots == 1)).all() for slots in (queries, points))
    signs = 2 * points.T.astype(np.float32) - 1 if bits else None  # [k m]
    for start in range(0, n, BLOCK):
        block = queries[start : start + BLOCK]
        if signs is not None:
            equal = (k + (2 * block.astype(np.float32) - 1) @ signs) / 2  # agreements less disagreements, exact to 2^24
        else:
            equal = np.zeros((len(block), len(points)), dtype=np.float32)
            for slot in range(k):
                equal += block[:, slot, None] == points[None, :, slot]
        if exclude_self:
            equal[np.arange(len(block)), start + np.arange(len(block))] = -1
        likeness = equal.astype(np.float64) / k
        part = slice(start, start + len(block))
        index[part], best[part], many[part] = likeness.argmax(1), likeness.max(1), (likeness >= near).sum(1)
    return Alike(best, index, many)


def _copies(seen: Float[np.ndarray, " n"], unseen: Float[np.ndarray, " n"], near: float) -> Bool[np.ndarray, " n"]:
    """Near a training item, and at most CONTRAST times as far from it as from any unseen one; a real duplicate is no
    copy, so equally near never counts."""
    copies: np.ndarray = (seen >= near) & (1 - seen <= CONTRAST * (1 - unseen)) & (seen > unseen)
    return copies


def _repeats_interval(found: Alike) -> Interval:
    """Jackknife of the share of items that have a near-duplicate: leaving j out also frees those whose only one was j.

    share_-j = (S - 1[j has one] - #{i: j is i's only one}) / (n - 1), variance (n - 1)/n sum_j (share_-j - mean)^2.
    It errs on the wide side, by up to about two thirds (Efron and Stein 1981), as a pair is lost with either half.
    """
    n, repeated = len(found.many), found.many > 0
    freed = np.bincount(found.which[found.many == 1], minlength=n)
    shares = (repeated.sum() - repeated - freed) / (n - 1)
    error = float(np.sqrt((n - 1) / n * np.square(shares - shares.mean()).sum()))
    share, pairs = float(repeated.mean()), n // 2
    return hull(
        normal_interval(share, error, method="jackknife over outputs"), wilson(round(share * pairs), pairs)
    )  # fmt: skip


def _within_unit(interval: Interval) -> Interval:
    return Interval(max(0.0, interval.low), min(1.0, interval.high), interval.level, interval.method)
