"""The table of a comparison of two runs: its rows for people, its plain values for machines, and its one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genbench.core.score import Better, Score, Toward
from genbench.report.families import Family, FamilyPair
from genbench.report.markdown import escaped, head, one_line, row
from genbench.report.pairing import Alone, Pair
from genbench.stats.compare import Answer, Comparison

COLUMNS = ("metric", "model", "A", "B", "B - A", "answer", "because")
REPRODUCED = "reproduced exactly"


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
