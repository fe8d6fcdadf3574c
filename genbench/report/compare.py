"""Is B better than A? Every score both runs have, item by item where they can be, corrected for how many were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from genbench.core.score import Detail, Interval, Score, Toward
from genbench.report.comparisons import REPRODUCED, Compared, Comparisons
from genbench.report.families import across
from genbench.report.pairing import Alone, Pair, pairing
from genbench.results.run import Run
from genbench.stats.compare import Comparison, compare_paired, compare_separate, corrected

FEWEST = 2  # shared items or clusters a paired comparison needs


def compare_runs(a: Run, b: Run) -> Comparisons:
    """Answers "is B better than A" for every score that is no context.

    Paired by item where both runs keep values under shared keys, else from the two intervals as if independent, which
    is cautious where the runs share their reference items. Holm's correction is over all of these together, exact
    reproductions left out, as no chance is in them. The margin is the metric's own. What may not be compared
    (other data, lens, precision, settings or probe version) is listed as that, never compared in silence. Where both
    runs trained a family several times, the family is asked about as well, with trainings as units: that B's checkpoint
    is better does not say that training again would give one.
    """
    compared, alone = compare_wanted(a, b, lambda score: True)
    return Comparisons(a.path.name, b.path.name, compared, alone, across(a, b))


def compare_wanted(a: Run, b: Run, wanted: Callable[[Score], bool]) -> tuple[tuple[Compared, ...], tuple[Alone, ...]]:
    """The comparisons of `compare_runs`, over a family of scores of one's own."""
    both = pairing(a, b, wanted)
    first = [_beside(pair) for pair in both.pairs]
    asked = [c.found for c in first if c.found is not None and c.found.method != REPRODUCED]
    answers = iter(corrected(asked))
    compared = tuple(
        Compared(c.pair, found := next(answers), _because(c.pair, found))
        if c.found is not None and c.found.method != REPRODUCED
        else c
        for c in first
    )
    return compared, both.alone


def _beside(pair: Pair) -> Compared:
    """One pair by itself, before any correction."""
    a, b = pair.a, pair.b
    if pair.obstacle:
        return Compared(pair, None, pair.obstacle)
    if _reproduced(a, b):
        found = Comparison("same", 0.0, Interval(0.0, 0.0, 0.95, REPRODUCED), 1.0, b.estimate.n, None, REPRODUCED)
        return Compared(pair, found, REPRODUCED)
    better, margin = a.definition.better, a.definition.margin or 0.0
    items = _shared(a.estimate.detail, b.estimate.detail)
    if items is not None and not np.array_equal(items[0], items[1]):
        x, y, clusters = items
        found = _true_to_score(compare_paired(x, y, better=better, margin=margin, clusters=clusters), a, b)
        return Compared(pair, found, found.method)
    ends = a.estimate.interval, b.estimate.interval
    if ends[0] is None or ends[1] is None:
        which = " and ".join(name for name, end in zip("AB", ends, strict=True) if end is None)
        return Compared(pair, None, f"no interval in {which}: a difference cannot be told from chance")
    n = min(a.estimate.n, b.estimate.n)
    sides = (a.estimate.value, ends[0]), (b.estimate.value, ends[1])
    found = compare_separate(*sides, n, better=better, margin=margin)
    return Compared(pair, found, found.method)


def _true_to_score(found: Comparison, a: Score, b: Score) -> Comparison:
    """The paired answer, taken back where the items' plain mean is not the score and the score says otherwise.

    Bits per byte weigh an item by its length and movement squares it. Paired items are then still the sharper question,
    but an answer stands only if the scores themselves lie on the same side, and as far apart as the margin asks.
    """
    if all(np.isclose(np.mean(s.estimate.detail.values), s.estimate.value, rtol=1e-6, atol=1e-9) for s in (a, b)):
        return found
    found = replace(found, method=f"{found.method}, whose plain mean is not quite the score")
    margin, apart = a.definition.margin or 0.0, _badness(b) - _badness(a)
    agrees = {"better": apart < -margin, "worse": apart > margin, "same": abs(apart) <= margin}
    if agrees.get(found.answer, True):
        return found
    return replace(found, answer="cannot tell", n_needed=None, method=f"{found.method}: the score says otherwise")


def _badness(score: Score) -> float:
    value, better = score.estimate.value, score.definition.better
    if isinstance(better, Toward):
        return abs(value - better.target)
    return value if better == "lower" else -value


def _reproduced(a: Score, b: Score) -> bool:
    """Whether one score is the other over again, so that no chance lies between them.

    Either the same model made it under the same seed, or two models gave the same values item by item. Shares of
    0 and 1 do not count as the latter: nothing found in 30 outputs, twice, is not yet the same model.
    """
    p, q = a.estimate, b.estimate
    if p.value != q.value or p.interval != q.interval:
        return False
    origin, other = a.provenance, b.provenance
    if (origin.model_digest, origin.seed, p.n) == (other.model_digest, other.seed, q.n):
        return p.detail.values == q.detail.values
    return p.detail.values == q.detail.values and p.detail.keys == q.detail.keys and len(set(p.detail.values)) > 2


def _shared(a: Detail, b: Detail) -> tuple[np.ndarray, np.ndarray, np.ndarray | None] | None:
    """Values of A and B [n] of the items both have, and their clusters; None where too few are shared to pair them.

    Half of the smaller side must be shared: below it, independent intervals over all items tell more.
    """
    at = [dict(zip(detail.keys, range(len(detail.keys)), strict=True)) for detail in (a, b)]
    if any(len(index) != len(detail.keys) for index, detail in zip(at, (a, b), strict=True)):
        return None  # one key for two items: nobody knows which belong together
    keys = [key for key in a.keys if key in at[1]]
    if len(keys) < max(FEWEST, min(len(a.keys), len(b.keys)) / 2):
        return None
    x, y = (np.array([d.values[index[key]] for key in keys]) for d, index in zip((a, b), at, strict=True))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    clusters = np.array([a.clusters[at[0][key]] for key in keys]) if a.clusters else None
    if clusters is not None and len(np.unique(clusters)) < FEWEST:
        return None
    return x, y, clusters


def _because(pair: Pair, found: Comparison) -> str:
    """How the answer was found, and where it could not be, what would."""
    parts = [found.method]
    if pair.a.estimate.n != pair.b.estimate.n:
        parts.append(f"n {pair.a.estimate.n:,} against {pair.b.estimate.n:,}")
    if found.answer == "same" and pair.a.definition.margin:
        parts.append(f"within the margin of {pair.a.definition.margin:g}")
    if found.answer == "cannot tell":
        needed = f"about n = {found.n_needed:,} would tell" if found.n_needed else "no n is known that would tell"
        parts.append(needed)
    elif found.answer != "same":
        parts.append(f"p = {found.p_value:.2g} corrected")
    return "; ".join(parts)
