"""Which outputs come out again and again, and is what they come back to a training item?"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import binom

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.probes.memorization._tail import FPR, tail
from genbench.stats.cliques import alone, medoid
from genbench.stats.cliques import cliques as cliques_of
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import hull, normal_interval, wilson, with_floor
from genbench.stats.neighbours import nearest
from genbench.stats.roc import threshold_at

SHOWN = 6

Groups = list[Int[np.ndarray, " _"]]


@probe(
    reports={
        "share": Metric(
            unit="share of outputs",
            better="lower",
            title="Outputs that come out again and again",
            summary="Share of outputs that lie in a clique: several outputs, any two of them near-identical.",
            reading="The floor is what as many real items show among themselves; above it, the model goes back to the "
            "same places. Whether these are training items says the other score.",
            tolerance=0.03,
            margin=0.02,
            sized="value",
        ),
        "extracted": Metric(
            unit="share of outputs in cliques",
            better="lower",
            title="Cliques around a training item",
            summary="Of the outputs in cliques, the share whose clique has a training item for its centre: nearer to "
            "one, against an unseen item, than 99 % of real items are.",
            reading="About 0.01 where the model repeats itself without having learned by heart what it repeats; 1 "
            "where all that it repeats are training items, which can then be had by sampling alone.",
            tolerance=0.05,
            margin=0.05,
            sized="value",
        ),
    },
    cites=[
        "Carlini et al. 2023, arXiv:2301.13188 (extraction by repeated sampling: cliques of near-identical images)",
        "Carlini et al. 2021, arXiv:2112.03570 (judge membership at a low false-positive rate)",
    ],
    control="copycat; one training item repeated 50 times",
    truth="draws from k equally likely items: an output lies in a clique of c if c - 1 others are the same item",
)
def cliques(
    generated: Features, train: Features, held_out: Features, *, rng: Rng, least: int = 3, near: float = 0.01
) -> Estimates:
    """Extraction by repeated sampling: what a generator makes again and again, it may have learned by heart.

    t = the distance below which a share `near` of held-out items has another held-out item. A clique is `least` outputs
    or more, any two at most t apart, that stand alone (disjoint and gathered greedily, see `stats.cliques`): outputs
    that lie closer together than real items do, all of them, are narrow and no clique. share = outputs in cliques /
    outputs; floor: the same of as many real items, held-out ones first and training items behind. For the medoid c of
    each clique, s(c) = log d(c, nearest held-out) - log d(c, nearest train); extracted = of the outputs in cliques, the
    share whose medoid has s(c) > the value that at most 1 % of held-out items exceed (theirs against the other held-out
    items); floor: what that threshold is expected to let through. 0/0 counts as 1 and x/0 as infinite.

    generated [n d], train [t d], held_out [m d] -> two shares. Distances are Euclidean in the lens's features. The
    paper samples each prompt 500 times and asks for cliques of 10; unprompted, n outputs are spread over all that the
    model makes, so that only what it gives more than `least` / n of the time is found: more outputs find more. `share`
    errs low, as greedy cliques may miss some, and so does its floor.

    Intervals: share by jackknife over outputs (leaving one out frees a clique of just `least`), hulled with Wilson's
    over n / least groups, as outputs in cliques come by so many at least, with the floor's own error, measured alike;
    and, as t is a quantile of drawn items, hulled over both ends of its interval. extracted: Wilson's with the
    threshold's own error; outputs in cliques around one training item count as one piece of evidence. Perfect: both at
    their floors, or `extracted` absent, as nothing is repeated. One training item all over: 1 and 1. Needs 300 held-out
    items for `extracted` (rule of three). Source: arXiv:2301.13188, section 4.2.
    """
    if least < 3 or not 0 < near < 1:
        raise ProbeError(f"cliques of 3 or more (two are duplicates), near within (0, 1); got {least} and {near}")
    x, seen, unseen = (
        finite_rows(side.x, role)
        for side, role in ((generated, "generated"), (train, "train"), (held_out, "held_out"))
    )  # fmt: skip
    if len(x) < least or not len(seen) or len(unseen) < 2:
        raise NotApplicable(
            f"cliques need {least} outputs, a training item and 2 held-out items, got {len(x)}, {len(seen)}, "
            f"{len(unseen)}"
        )
    to_others = nearest(unseen, unseen, exclude_self=True)[0][:, 0]
    reaches = _reaches(to_others, near)
    real = np.concatenate([unseen, seen])
    chosen = np.sort(rng.permutation(len(x))[: len(real)])  # no more outputs than real items can be set beside
    found = [tuple(_repeated(side, t, least) for side in (x[chosen], real[: len(chosen)])) for t in reaches]
    groups = [chosen[group] for group in found[0][0]]
    null = _lean(nearest(unseen, seen)[0][:, 0], to_others)
    return {
        "share": _share(groups, found, len(chosen), least, reaches[0]),
        "extracted": _extracted(groups, (x, seen, unseen), null),
    }


def _repeated(x: Float[np.ndarray, "n d"], reach: float, least: int) -> Groups:
    return [group for group in cliques_of(x, reach, least) if alone(x, group)]


def _reaches(to_others: Float[np.ndarray, " m"], near: float) -> tuple[float, float, float]:
    """The reach below which a share `near` of held-out items has another, and the ends of its 95 % interval.

    The ends are order statistics: so many of m distances lie below the true quantile as binomial(m, near) has it.
    """
    ordered = np.sort(to_others)
    ends = np.clip(binom.ppf([0.025, 0.975], len(ordered), near), 0, len(ordered) - 1).astype(np.int64)
    low, high = ordered[ends].tolist()
    return float(np.quantile(ordered, near, method="lower")), low, high


def _share(
    groups: Groups, found_at: Sequence[tuple[Groups, ...]], n: int, least: int, reach: float
) -> Estimate:  # fmt: skip
    by_chance = found_at[0][1]
    measured = [tuple(_of(side, n, least) for side in both) for both in found_at]
    (value, _), (floor, _) = measured[0]
    found = functools.reduce(hull, (with_floor(at, own, low, around) for (at, own), (low, around) in measured))
    largest = sorted(groups, key=len, reverse=True)
    facts: dict[str, Json] = {
        "distance within which two outputs count as the same": reach,
        "cliques": len(groups),
        "outputs in the largest": len(largest[0]) if groups else 0,
        "cliques among as many real items": len(by_chance),
    }
    exhibits = tuple(
        Exhibit(
            "outputs of one clique; the number is how many it has",
            tuple(ItemRef("generated", int(i)) for i in group[:3]),
            float(len(group)),
        )
        for group in largest[:SHOWN]
    )
    low, high = max(0.0, found.low), min(1.0, found.high)
    detail = Detail(exhibits=exhibits, facts=facts)
    method = "jackknife over outputs and Wilson's, with the floor's error and the reach's"
    return Estimate(value, n, Interval(low, high, found.level, method), floor, detail)


def _of(groups: Groups, n: int, least: int) -> tuple[float, Interval]:
    """Share of n items that lie in the groups, and its interval.

    share_-j = (S - 1[j in one] - (least - 1) 1[in one of just `least`]) / (n - 1), variance (n-1)/n sum (. - mean)^2.
    It errs on the wide side (Efron and Stein 1981), by up to twice, as a clique is lost with each of its members.
    """
    sizes = np.array([len(group) for group in groups for _ in group], dtype=np.int64)  # of each member's group
    inside, lost = len(sizes), np.zeros(n)
    lost[:inside] = np.where(sizes == least, least, 1)  # in whichever order: only their spread counts
    shares = (inside - lost) / (n - 1)
    error = math.sqrt((n - 1) / n * np.square(shares - shares.mean()).sum())
    share, trials = inside / n, n / least
    around = normal_interval(share, error, method="jackknife over outputs")
    return share, hull(around, wilson(share * trials, trials))


def _extracted(
    groups: Groups,
    sides: tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "t d"], Float[np.ndarray, "m d"]],
    null: Float[np.ndarray, " m"],
) -> Estimate | Absent:
    x, seen, unseen = sides
    if not groups:
        return Absent("no outputs form a clique, so none is there to be extracted")
    try:
        threshold = threshold_at(null, FPR)
    except NotApplicable as error:
        return Absent(str(error))
    if not math.isfinite(threshold):
        return Absent(
            "so many held-out items are exact copies of real items that their distances say nothing of chance"
        )
    centres = np.array([group[medoid(x[group])] for group in groups], dtype=np.int64)
    to_train, which = (part[:, 0] for part in nearest(x[centres], seen))
    scores = _lean(to_train, nearest(x[centres], unseen)[0][:, 0])
    hits = scores > threshold
    sizes = np.array([len(group) for group in groups], dtype=np.int64)
    order = sorted(np.flatnonzero(hits).tolist(), key=lambda c: -int(sizes[c]))
    exhibits = tuple(
        Exhibit(
            "the centre of a clique, and the training item that it is; the number is how often it came out",
            (ItemRef("generated", int(centres[c])), ItemRef("train", int(which[c]))),
            float(sizes[c]),
        )
        for c in order[:SHOWN]
    )
    facts: dict[str, Json] = {
        "cliques": len(groups),
        "cliques around a training item": int(hits.sum()),
        "training items extracted": len(np.unique(which[hits])),
        "ratio below which a centre counts": math.exp(-threshold),
    }
    detail = Detail(exhibits=exhibits, facts=facts)
    return tail(np.repeat(scores, sizes), null, clusters=np.repeat(which, sizes), detail=detail)


def _lean(to_train: Float[np.ndarray, " n"], to_held_out: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """log of the ratio of the distances, high where an item leans towards train; 0 where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lean = np.log(to_held_out) - np.log(to_train)
    return np.where((to_train == 0) & (to_held_out == 0), 0.0, lean)
