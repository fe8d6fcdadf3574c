"""Near-duplicates, of the training items and within the output, by fingerprints that survive small changes."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Fingerprints, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Metric
from genbench.stats.intervals import hull, normal_interval, wilson

BLOCK = 256
SHOWN = 6


@probe(
    reports={
        "of_train": Metric(
            unit="share of outputs",
            better="lower",
            title="Near-duplicates of training items",
            summary="Share of outputs whose fingerprint nearly equals a training item's.",
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
        ),
    },
    cites=["Broder 1997, doi:10.1109/SEQUEN.1997.666900 (MinHash)", "Somepalli et al. 2023, arXiv:2212.03860"],
    control="copycat; one training item repeated 50 times",
    truth="k planted duplicates among n distinct fingerprints: k / n",
)
def duplicates(generated: Fingerprints, train: Fingerprints, held_out: Fingerprints, *, rng: Rng) -> Estimates:
    """Shares of outputs with a near-duplicate: at least `near` of their k fingerprint slots are equal, slots [n k].

    of_train: 1/n sum_i 1[max_j likeness(g_i, t_j) >= near], floor the same share for held-out items. within_output: the
    same among the outputs themselves, floor among equally many held-out items. Intervals: Wilson over
    outputs, widened by the floor's own uncertainty, as the floor is measured on held-out items. At perfection the
    floor, at failure 1.
    """
    near = generated.near
    likeness, which = most_alike(generated.slots, train.slots)
    copied = likeness >= near
    floor = float((most_alike(held_out.slots, train.slots)[0] >= near).mean())
    exhibits = tuple(
        Exhibit(
            "output, and the training item it nearly duplicates",
            (ItemRef("generated", int(i)), ItemRef("train", int(which[i]))),
            float(likeness[i]),
        )
        for i in np.argsort(-likeness, kind="stable")[:SHOWN]
        if copied[i]
    )
    detail = Detail(
        values=tuple(float(c) for c in copied),
        keys=generated.keys if len(generated.keys) == len(generated) else (),
        exhibits=exhibits,
        facts={"likeness that counts": near, "held-out items that do the same": floor},
    )
    n = min(len(generated), len(held_out))
    chosen = rng.permutation(len(generated))[:n]
    alike, twin = most_alike(generated.slots[chosen], generated.slots[chosen], exclude_self=True)
    repeated = alike >= near
    real = float((most_alike(held_out.slots[:n], held_out.slots[:n], exclude_self=True)[0] >= near).mean())
    pairs = tuple(
        Exhibit(
            "two outputs that nearly equal one another",
            (ItemRef("generated", int(chosen[i])), ItemRef("generated", int(chosen[twin[i]]))),
            float(alike[i]),
        )
        for i in np.argsort(-alike, kind="stable")[:SHOWN]
        if repeated[i]
    )
    return {
        "of_train": Estimate(
            float(copied.mean()), len(generated), _interval(copied, floor, len(held_out)), floor, detail
        ),
        "within_output": Estimate(
            float(repeated.mean()), n, _interval(repeated, real, n), real, Detail(exhibits=pairs)
        ),
    }


def most_alike(queries: np.ndarray, points: np.ndarray, *, exclude_self: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(share of equal slots, index) of each query's most alike point; slots [n k], [m k]."""
    best, index = np.empty(len(queries)), np.empty(len(queries), dtype=np.int64)
    for start in range(0, len(queries), BLOCK):
        block = queries[start : start + BLOCK]
        likeness = np.zeros((len(block), len(points)), dtype=np.int32)
        for slot in range(queries.shape[1]):
            likeness += block[:, slot, None] == points[None, :, slot]
        if exclude_self:
            likeness[np.arange(len(block)), start + np.arange(len(block))] = -1
        index[start : start + len(block)] = likeness.argmax(axis=1)
        best[start : start + len(block)] = likeness.max(axis=1) / queries.shape[1]
    return best, index


def _interval(found: np.ndarray, floor: float, n_floor: int) -> Interval:
    """Wilson's interval, joined with one that also counts the floor's sampling error."""
    share = float(found.mean())
    own = wilson(int(found.sum()), len(found))
    error = np.sqrt(share * (1 - share) / len(found) + floor * (1 - floor) / n_floor)
    joint = normal_interval(share, float(error), method="floor's own error")
    both = hull(own, joint)
    return Interval(max(0.0, both.low), min(1.0, both.high), both.level, both.method)
