"""Models by axes: the score that leads each axis for each model, worst news first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from genbench.core.probe import AXES
from genbench.core.score import Failed, Outcome, Score, Skipped
from genbench.report.cast import Member
from genbench.report.forest import Mark, mark_of, scale_of, strip
from genbench.report.numbers import Figures, figures
from genbench.report.reading import WORST_FIRST, tally
from genbench.report.subject import Subject, subject, titled
from genbench.report.svg import Scale
from genbench.results.run import Run

# Where these are measured they lead their axis; else the score that most models have.
LEADING = (
    "quality.frechet.distance",
    "memorization.copying.tpr_at_1pct_fpr",
    "robustness.adversarial.excess",
    "robustness.stability.movement",  # of the model, where robustness.evasion is of its detector
    "robustness.redraw.apart",
    "bias.representation.imbalance",
    "bias.counterfactual.stereotype",
    "misuse.detectability.auc",
    "energy.footprint.total",
)
EVALUATION = "energy.footprint.evaluation"  # what the instrument used is no property of the model


@dataclass(frozen=True)
class Cell:
    """One model on one axis. `others` counts the axis' further scores by state."""

    state: str
    title: str = ""
    figures: Figures | None = None
    unit: str = ""
    strip: Markup | None = None
    others: str = ""
    because: str = ""


@dataclass(frozen=True)
class Row:
    member: Member
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Overview:
    """Rows grouped by dataset, as numbers compare within one only."""

    axes: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    left_out: int


def overview(run: Run, members: Mapping[str, Member], most_rows: int) -> Overview:
    """The table that follows the verdict, with at most so many models."""
    found = {(name, axis): _Found() for name in members for axis in AXES}
    for outcome in run.outcomes:
        found[outcome.model, outcome.probe.split(".")[0]].outcomes.append(outcome)
    shared = Counter(score.id for score in run.measured)
    for cell in found.values():
        cell.leading = _leading(cell.judged, shared)
    axes = tuple(axis for axis in AXES if any(found[name, axis].outcomes for name in members))
    scales = {axis: _scales([found[name, axis].leading for name in members]) for axis in axes}
    groups: dict[str, list[Row]] = {}
    for name, member in list(members.items())[:most_rows]:
        cells = tuple(_cell(found[name, axis], scales[axis]) for axis in axes)
        groups.setdefault(member.data, []).append(Row(member, cells))
    listed = tuple((data, tuple(rows)) for data, rows in groups.items())
    return Overview(axes, listed, max(0, len(members) - most_rows))


def judged(scores: Iterable[Score]) -> list[Score]:
    """Scores that are part of the verdict, worst state first."""
    return sorted((s for s in scores if not s.definition.context), key=lambda s: WORST_FIRST.index(s.state))


@dataclass
class _Found:
    """All outcomes of one model on one axis, and the score that leads them."""

    outcomes: list[Outcome] = field(default_factory=list)
    leading: Score | None = None

    @property
    def judged(self) -> list[Score]:
        return judged(s for s in self.outcomes if isinstance(s, Score) and s.id != EVALUATION)


def _leading(scores: list[Score], shared: Mapping[str, int]) -> Score | None:
    """The worst-placed score; among equals a named one, then one that many models share."""

    def rank(score: Score) -> tuple[int, int, int]:
        urgent = score.state if score.state in ("alarm", "unsure") else "clear"
        return WORST_FIRST.index(urgent), _lead(score), -shared[score.id]

    return min(scores, key=rank) if scores else None


def _lead(score: Score) -> int:
    """Its place among the leading scores, after all of them where it is none."""
    return LEADING.index(score.id) if score.id in LEADING else len(LEADING)


def _scales(leading: Iterable[Score | None]) -> dict[Subject, Scale]:
    """One scale for all models whose scores compare."""
    alike: dict[Subject, list[Mark]] = {}
    for score in leading:
        if score is not None:
            alike.setdefault(subject(score), []).append(mark_of(score))
    return {kind: scale_of(marks, 6, 112) for kind, marks in alike.items()}


def _cell(found: _Found, scales: Mapping[Subject, Scale]) -> Cell:
    failed = [o for o in found.outcomes if isinstance(o, Failed)]
    skipped = [o for o in found.outcomes if isinstance(o, Skipped)]
    score = found.leading
    if score is None:
        if failed:
            return Cell("failed", because=failed[0].error)
        return Cell("skipped", because=skipped[0].because) if skipped else Cell("missing")
    rest = [s.state for s in found.judged if s is not score] + ["failed"] * len(failed)
    others = f"and {tally(rest)}" if rest else ""
    drawn = strip(mark_of(score), scales[subject(score)], titled(score))
    return Cell(score.state, titled(score), figures(score.estimate), score.definition.unit, drawn, others)
