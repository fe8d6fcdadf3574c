"""What several trainings of one family say of the family: its mean, and how much of the scatter is training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from genbench.core.score import Score
from genbench.report.pairing import obstacle
from genbench.report.subject import Subject, subject, titled
from genbench.results.run import Run
from genbench.stats.compare import Comparison, corrected, standard_error
from genbench.stats.nested import Nested, compare_families, nested, shared_difference, shared_variance

Key: TypeAlias = tuple[str, Subject]
OUTPUTS = ("generated/", "anchor/", "perturbed/", "again/")  # keys of what a model made


@dataclass(frozen=True)
class Family:
    """One metric of one family: its trainings' scores, in the suite's order, and what they amount to."""

    name: str
    scores: tuple[Score, ...]
    found: Nested

    @property
    def title(self) -> str:
        return f"{self.name} ({len(self.scores)} trainings)"

    @property
    def about(self) -> str:
        """The metric, and the benchmark it is asked of, if any."""
        return titled(self.scores[0])

    @property
    def measured(self) -> str:
        """`0.12 [0.1, 0.15]`: the mean over trainings and its interval."""
        return f"{self.found.mean:.4g} [{self.found.interval.low:.4g}, {self.found.interval.high:.4g}]"

    @property
    def training(self) -> str:
        """`0.02 [0, 0.13]`: the standard deviation that training alone gives."""
        of = self.found.training_interval
        return f"{self.found.training:.2g} [{of.low:.2g}, {of.high:.2g}]"


@dataclass(frozen=True)
class FamilyPair:
    """B's family beside A's. found: with trainings as units, corrected over all such pairs of one table."""

    a: Family
    b: Family
    found: Comparison

    @property
    def because(self) -> str:
        told = [self.found.method]
        if self.found.answer == "cannot tell":
            n = self.found.n_needed
            told.append(f"about {n:,} trainings in all would tell" if n else "no number is known that would tell")
        elif self.found.answer != "same":
            told.append(f"p = {self.found.p_value:.2g} corrected over families")
        return "; ".join([*told, "a claim about the family, not about one checkpoint"])


def families(run: Run) -> tuple[Family, ...]:
    """Every metric that 2 or more trainings of a family have, context left out; in the order it was measured.

    Only scores with an interval count: without one, nobody knows what of the scatter is sampling.
    """
    return tuple(
        Family(key[0], tuple(scores), _amount(scores)) for key, scores in _grouped(run).items() if len(scores) > 1
    )


def beside(run: Run) -> tuple[FamilyPair, ...]:
    """Families of one run against each other, where both are about the same: the later in the suite is B."""
    found = [
        (a, b)
        for a, b in combinations(families(run), 2)
        if a.name != b.name and _about(a) == _about(b) and obstacle(a.scores[0], b.scores[0]) is None
    ]
    return _answered(found)


def across(first: Run, second: Run) -> tuple[FamilyPair, ...]:
    """The same families in two runs, but for those whose very weights are the same: no chance lies between them."""
    there = {(family.name, _about(family)): family for family in families(second)}
    pairs = [(a, there[a.name, _about(a)]) for a in families(first) if (a.name, _about(a)) in there]
    may = [(a, b) for a, b in pairs if obstacle(a.scores[0], b.scores[0]) is None and _weights(a) != _weights(b)]
    return _answered(may)


def _answered(pairs: Sequence[tuple[Family, Family]]) -> tuple[FamilyPair, ...]:
    answers = corrected([_compared(a, b) for a, b in pairs])
    return tuple(FamilyPair(a, b, found) for (a, b), found in zip(pairs, answers, strict=True))


def _compared(a: Family, b: Family) -> Comparison:
    definition = a.scores[0].definition
    sides = [[s.estimate.value for s in family.scores] for family in (a, b)]
    seen = _items([*a.scores, *b.scores])
    if seen is not None:
        shared = shared_difference(seen[: len(a.scores)], seen[len(a.scores) :])
    else:  # as if each family's whole sampling error were common to its members, and not to both
        shared = a.found.sampling**2 + b.found.sampling**2
    return compare_families(
        sides[0], sides[1], better=definition.better, margin=definition.margin or 0.0, shared=shared
    )


def _amount(scores: Sequence[Score]) -> Nested:
    seen = _items(scores)
    shared = None if seen is None else shared_variance(seen)
    errors = [standard_error(s.estimate.interval) for s in scores if s.estimate.interval is not None]
    return nested([s.estimate.value for s in scores], errors, shared=shared)


def _items(scores: Sequence[Score]) -> np.ndarray | None:
    """Values [k n] of the items that all scores were measured at; None where they have none or other ones.

    Outputs of two trainings are not the same items, though their keys be; held-out and benchmark items are. So the
    keys must be the same and say no output, and the items' mean be the score.
    """
    details = [s.estimate.detail for s in scores]
    keys = details[0].keys
    if len(keys) < 2 or any(d.keys != keys for d in details) or keys[0].startswith(OUTPUTS):
        return None
    values = np.array([d.values for d in details], dtype=np.float64)
    means = [s.estimate.value for s in scores]
    if not np.isfinite(values).all() or not np.allclose(values.mean(axis=1), means, rtol=1e-6, atol=1e-9):
        return None
    return values


def _grouped(run: Run) -> dict[Key, list[Score]]:
    group = {str(model["name"]): str(model["group"]) for model in run.header.suite["models"] if model.get("group")}
    found: dict[Key, list[Score]] = {}
    for score in run.measured:
        if score.model in group and not score.definition.context and score.estimate.interval is not None:
            found.setdefault((group[score.model], subject(score)), []).append(score)
    return found


def _weights(family: Family) -> list[tuple[str, float]]:
    return [(score.provenance.model_digest, score.estimate.value) for score in family.scores]


def _about(family: Family) -> Subject:
    return subject(family.scores[0])
