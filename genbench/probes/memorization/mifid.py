"""The memorization-informed Fréchet distance: context, shown for comparison with other tools."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.frechet import frechet
from genbench.stats.intervals import mean_interval, with_floor

LEAST = 10  # items a side
LEAST_DISTANCE = 1e-6  # of a copy: the penalty ends at a million
BLOCK = 1024


@probe(
    reports={
        "penalized": Metric(
            unit="squared feature units",
            better="lower",
            title="Memorization-informed Fréchet distance",
            summary="The Fréchet distance, multiplied where outputs lie close to training items in angle on average.",
            reading="Equal to the Fréchet distance where no memorization is suspected, else at least 1 / threshold "
            "times as large. Known to be fooled: it looks at a mean, so a few copies never show; features that all "
            "point one way, or a generator of little variety, look like copying; the threshold is a convention.",
            context=True,
        ),
        "nearness": Metric(
            unit="cosine distance",
            better="higher",
            title="Mean angle to the nearest training item",
            summary="Mean over outputs of the smallest cosine distance to a training item.",
            reading="The floor is what unseen real items have. Below the threshold the penalty sets in.",
            context=True,
        ),
    },
    cites=["Bai et al. 2021, arXiv:2106.03062 (MiFID)"],
    control="a copycat: a distance that grows a millionfold",
    truth="orthogonal outputs: nearness 1 and no penalty",
)
def mifid(generated: Features, train: Features, held_out: Features, *, threshold: float = 0.1) -> Estimates:
    """d^2 times 1 / s where s < threshold, else d^2: s = mean_j min_i (1 - |cos(g_j, t_i)|), features [n d], [t d].

    d^2 is the bias-corrected Fréchet distance to held-out items, at least 0. The mean of s runs over outputs: each is
    asked for its nearest training item. (A widely used implementation asks each training item for its nearest output
    instead; with more training items than outputs, copies are then hidden by all the items that were not copied.) The
    penalty is never below 1, whatever the threshold, so no model gains by copying.

    Intervals: of s, outputs random (their training items given), Student's, with the floor's own error; of the
    distance, both factors' ends multiplied, which is wider than 95 %, and jumps where s is astride the threshold.
    Floors: held-out items in the outputs' place for s, and for the distance training items against held-out ones with
    that s. Context, never a verdict: `memorization.copying` is asked for that.
    """
    x, seen, unseen = (
        finite_rows(side.x, role) for side, role in ((generated, "generated"), (train, "train"), (held_out, "held_out"))
    )
    if min(len(x), len(seen), len(unseen)) < LEAST:
        raise NotApplicable(
            f"needs {LEAST} items of each, got {len(x)} outputs, {len(seen)} train, {len(unseen)} held-out"
        )
    if not 0 < threshold <= 1:
        raise NotApplicable(f"the threshold is a cosine distance above 0 and at most 1, got {threshold}")
    near, near_unseen = nearness(x, seen), nearness(unseen, seen)
    if near is None or near_unseen is None:
        gone = Absent("an item whose features are all 0 has no angle")
        return {"penalized": gone, "nearness": gone}
    s, floor, around = float(near.mean()), float(near_unseen.mean()), mean_interval(near)
    read = with_floor(s, around, floor, mean_interval(near_unseen))
    read = Interval(max(0.0, read.low), min(1.0, read.high), read.level, read.method)
    found, real = frechet(x, unseen), frechet(seen, unseen)
    distance, raw = max(0.0, found.corrected), found.interval()
    ends = [
        max(0.0, low) * penalty(s_end, threshold) for low, s_end in ((raw.low, around.high), (raw.high, around.low))
    ]
    facts: dict[str, Json] = {
        "penalty": penalty(s, threshold), "threshold": threshold, "Fréchet distance": distance,
        "share of outputs below the threshold": float((near < threshold).mean()),
    }  # fmt: skip
    return {
        "penalized": Estimate(
            distance * penalty(s, threshold), len(x),
            Interval(ends[0], ends[1], 0.95, "ends of both factors multiplied: jackknife, and Student's"),
            max(0.0, real.corrected) * penalty(floor, threshold), Detail(facts=facts),
        ),
        "nearness": Estimate(s, len(x), read, floor, Detail(tuple(near.tolist()), generated.keys)),
    }  # fmt: skip


def penalty(s: float, threshold: float) -> float:
    """1 / s below the threshold, which is at least 1; else 1."""
    return 1 / max(s, LEAST_DISTANCE) if s < threshold else 1.0


def nearness(x: Float[np.ndarray, "n d"], seen: Float[np.ndarray, "t d"]) -> Float[np.ndarray, " n"] | None:
    """Smallest 1 - |cos| of each row to a training row; None where a row has length 0."""
    lengths = [np.linalg.norm(side, axis=1, keepdims=True) for side in (x, seen)]
    if min(float(length.min()) for length in lengths) == 0:
        return None
    queries, points = x / lengths[0], seen / lengths[1]
    parts = [np.abs(queries[i : i + BLOCK] @ points.T).max(axis=1) for i in range(0, len(queries), BLOCK)]
    made: np.ndarray = np.clip(1 - np.concatenate(parts), 0.0, 1.0)
    return made
