"""Is B better than A? Every score both runs have, item by item where they can be, corrected for how many were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genbench.core.score import Better, Detail, Interval, Score, Toward
from genbench.report.families import Family, FamilyPair, across
from genbench.report.markdown import escaped, head, one_line, row
from genbench.report.pairing import Alone, Pair, pairing
from genbench.results.run import Run
from genbench.stats.compare import Answer, Comparison, compare_paired, compare_separate, corrected

COLUMNS = ("metric", "model", "A", "B", "B - A", "answer", "because")
REPRODUCED = "reproduced exactly"
FEWEST = 2  # shared items or clusters a paired comparison needs


@dataclass(frozen=True)
class Compared:
    """One pair with its answer, corrected. found is None where the pair could not be decided, `because` says why."""

    pair: Pair
    found: Comparison | None
    because: str

    @property
    def answer(self) -> Answer | str:
        """better, worse, same, cannot tell; or "not comparable"."""
        if self.found is not None:
            return self.found.answer
        return "not comparable" if self.pair.obstacle else "cannot tell"


@dataclass(frozen=True)
class Comparisons:
    """The table `genbench compare` shows. questions: how many answers Holm's correction was taken over."""

    a: str
    b: str
    compared: tuple[Compared, ...]
    alone: tuple[Alone, ...]
    families: tuple[FamilyPair, ...] = ()

    @property
    def questions(self) -> int:
        return sum(c.found is not None and c.found.method != REPRODUCED for c in self.compared)

    @property
    def columns(self) -> list[str]:
        return list(COLUMNS)

    @property
    def rows(self) -> list[list[str]]:
        return [*map(_row_family, self.families), *map(_row, self.compared), *map(_row_alone, self.alone)]

    @property
    def words(self) -> str:
        """One sentence: how many of each answer."""
        kinds = [c.answer for c in self.compared]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(sorted(kinds)))
        apart = f"; {len(self.alone)} scores stand in one run only" if self.alone else ""
        asked = f"{self.questions} question{'s' * (self.questions != 1)}, Holm-corrected at 5 %"
        about = (
            f" Of {len(self.families)} questions about families, corrected among themselves: " if self.families else ""
        )
        claims = [pair.found.answer for pair in self.families]
        about += ", ".join(f"{claims.count(kind)} {kind}" for kind in sorted(set(claims))) + "." * bool(claims)
        return one_line(f"{self.b} (B) against {self.a} (A): {counts or 'nothing shared'}{apart}; {asked}.{about}")

    def to_json(self) -> dict[str, Any]:
        """Plain values in full precision; difference is by how much B is worse, in the metric's unit."""
        return {
            "a": self.a,
            "b": self.b,
            "questions": self.questions,
            "rows": [*map(_plain, self.compared), *map(_plain_alone, self.alone)],
            "families": [*map(_plain_family, self.families)],
        }

    def to_markdown(self) -> str:
        """The same table for a pull request; all text in it is inert."""
        return f"{escaped(self.words)}\n\n{head(self.columns)}{''.join(map(row, self.rows))}"


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


def _row(c: Compared) -> list[str]:
    a, b = c.pair.a, c.pair.b
    change = _change(c.found, a.definition.better) if c.found else ""
    return [_asked(a), c.pair.model, measured(a), measured(b), change, c.answer, c.because]


def _row_family(pair: FamilyPair) -> list[str]:
    definition = pair.a.scores[0].definition
    change = _change(pair.found, definition.better)
    sides = [pair.a.measured, pair.b.measured]
    return [pair.a.scores[0].id, pair.a.title, *sides, change, pair.found.answer, pair.because]


def _row_alone(alone: Alone) -> list[str]:
    shown = measured(alone.score)
    sides = [shown, ""] if alone.in_a else ["", shown]
    return [_asked(alone.score), alone.score.model, *sides, "", "not comparable", alone.because]


def _asked(score: Score) -> str:
    """Its id, and the benchmark it asked about."""
    return " on ".join(filter(None, [score.id, score.provenance.benchmark]))


def measured(score: Score) -> str:
    """`0.12 [0.1, 0.15]`: value and interval, or the value alone."""
    interval = score.estimate.interval
    ends = f" [{interval.low:.4g}, {interval.high:.4g}]" if interval else ""
    return f"{score.estimate.value:.4g}{ends}"


def _change(found: Comparison, better: Better) -> str:
    """B - A with its interval; for a target, the change of the distance to it."""
    value, low, high = found.difference, found.interval.low, found.interval.high
    if better == "higher":
        value, low, high = -value, -high, -low
    of = f" in distance to {better.target:g}" if isinstance(better, Toward) else ""
    return f"{value:+.4g} [{low:+.4g}, {high:+.4g}]{of}"


def _plain(c: Compared) -> dict[str, Any]:
    a, b, found = c.pair.a, c.pair.b, c.found
    plain: dict[str, Any] = {
        "metric": a.id,
        "model_a": a.model,
        "model_b": b.model,
        "dataset": a.dataset,
        "lens": a.lens,
        "benchmark": a.provenance.benchmark,
        "unit": a.definition.unit,
        "a": _plain_score(a),
        "b": _plain_score(b),
        "answer": c.answer,
        "because": c.because,
    }
    if found is not None:
        plain |= {
            "worse_by": found.difference,
            "worse_by_low": found.interval.low,
            "worse_by_high": found.interval.high,
            "p_value": found.p_value,
            "n": found.n,
            "n_needed": found.n_needed,
            "margin": a.definition.margin,
        }
    return plain


def _plain_family(pair: FamilyPair) -> dict[str, Any]:
    score, found = pair.a.scores[0], pair.found
    return {
        "metric": score.id, "family": pair.a.name, "dataset": score.dataset, "lens": score.lens,
        "unit": score.definition.unit, "a": _plain_nested(pair.a), "b": _plain_nested(pair.b), "answer": found.answer,
        "because": pair.because, "worse_by": found.difference, "worse_by_low": found.interval.low,
        "worse_by_high": found.interval.high, "p_value": found.p_value, "trainings": found.n,
        "trainings_needed": found.n_needed, "margin": score.definition.margin,
    }  # fmt: skip


def _plain_nested(family: Family) -> dict[str, Any]:
    found = family.found
    return {
        "mean": found.mean, "low": found.interval.low, "high": found.interval.high, "trainings": found.k,
        "sampling_noise": found.sampling, "training_noise": found.training,
        "training_noise_low": found.training_interval.low, "training_noise_high": found.training_interval.high,
    }  # fmt: skip


def _plain_alone(alone: Alone) -> dict[str, Any]:
    score = alone.score
    return {
        "metric": score.id,
        "model_a": score.model if alone.in_a else None,
        "model_b": None if alone.in_a else score.model,
        "dataset": score.dataset,
        "lens": score.lens,
        "unit": score.definition.unit,
        "a": _plain_score(score) if alone.in_a else None,
        "b": None if alone.in_a else _plain_score(score),
        "answer": "not comparable",
        "because": alone.because,
    }


def _plain_score(score: Score) -> dict[str, Any]:
    interval = score.estimate.interval
    low, high = (interval.low, interval.high) if interval else (None, None)
    return {"value": score.estimate.value, "low": low, "high": high, "n": score.estimate.n}
