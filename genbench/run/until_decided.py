"""Spend only what the verdict needs: draw in growing blocks, look after each, and stop once every gate is decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genbench.core.digest import digest
from genbench.core.errors import GenBenchError
from genbench.core.evidence import Energy
from genbench.core.model import Receives
from genbench.core.score import Failed, Interval, Outcome, Score, Skipped
from genbench.results.store import RunFolder
from genbench.run.plan import Cell, Plan
from genbench.run.roles import FROM_MODEL
from genbench.run.ruling import concerns, ruled
from genbench.run.suite import Gate
from genbench.run.voice import Voice
from genbench.stats.sequential import look_interval, look_sizes

ALPHA = 0.05  # the chance that any gate of a run is decided wrongly, all looks together


@dataclass(frozen=True)
class Watched:
    """One thing to decide: a gate about one metric of one cell. looks: at which it may be decided, counted from 1."""

    gate: int
    rule: Gate
    metric: str
    cell: Cell
    looks: tuple[int, ...]

    @property
    def place(self) -> str:
        """Names it within its run."""
        return f"{self.gate}|{self.cell.id}|{self.metric}"


@dataclass(frozen=True)
class Declaration:
    """What a run will look at and when, said before the first sample. sizes: of a cell whose n is the whole budget."""

    budget: int
    sizes: tuple[int, ...]
    watched: tuple[Watched, ...]


def declare(plan: Plan, budget: int) -> Declaration:
    """The looks of a plan. `GenBenchError` where it has no gate that samples could decide."""
    sizes = look_sizes(budget)
    watched = tuple(_watched(plan, len(sizes)))
    if not watched:
        raise GenBenchError(f"{plan.suite.name} has no gate that samples could decide; add `gates:` to the suite")
    return Declaration(budget, sizes, watched)


def within(plan: Plan, budget: int) -> Plan:
    """The plan with at most so many samples from each model: the suite's n becomes the budget, a smaller n of a probe's
    own stays. Given outputs cost nothing and are all kept.
    """

    def bounded(cell: Cell) -> Cell:
        n = budget if cell.n == plan.suite.n else min(cell.n, budget)
        return cell if _given(cell) else replace(cell, n=n)

    return replace(plan, cells=tuple({cell.id: cell for cell in map(bounded, plan.cells)}.values()))


def budget_of(folder: RunFolder) -> int | None:
    """The budget a run was started with; None where it draws its suite's n."""
    declared = folder.events("until_decided")
    return int(declared[0]["budget"]) if declared else None


class UntilDecided:
    """The looks of one run, recorded one by one, and taken up again on resume.

    Looks are at n, n/2, n/4, ... of each cell's own n, the smallest first. A gate is decided when the interval of
    its score, widened so that all looks at all gates of the run hold together with chance 1 - alpha
    (`stats.sequential.look_interval`; alpha is split evenly over the gates' models), lies within or without it.

    What no further sample can tell is looked at once: at the first look where the probe asks the model for no sample
    or the outputs are given (files stand in an order that may tell something, so a part of them is no sample of them),
    and at the last where the metric, or what counts as an alarm, means something else at another n (`Metric.sized`).
    Energy has no sampling error and is left to the ordinary rule.
    """

    def __init__(self, declared: Declaration, folder: RunFolder, voice: Voice) -> None:
        self.watched, self.sizes = declared.watched, declared.sizes
        self.folder, self.voice = folder, voice
        if budget_of(folder) is None:
            folder.append_event(
                "until_decided",
                alpha=ALPHA, budget=declared.budget, sizes=list(self.sizes), decisions=len(self.watched),
            )  # fmt: skip

    def settled(
        self, cells: Sequence[Cell], measure: Callable[[Cell], list[Outcome]]
    ) -> tuple[list[Cell], dict[str, list[Outcome]]]:
        """One model's cells at the n at which its gates were decided, and the outcomes by cell that this took.

        A model that no gate is about stays at the first look. Looks on record are not taken again.
        """
        mine = [w for w in self.watched if w.cell.model.name == cells[0].model.name]
        taken = {(e["place"], e["look"]): e["decision"] for e in self.folder.events("look")}
        made: dict[str, list[Outcome]] = {}
        last = 1
        for look in range(1, len(self.sizes) + 1):
            due = [w for w in mine if look in w.looks and _open(w, look, taken)]
            last = look if due else last
            for w in due:
                if (w.place, look) in taken:
                    continue
                cell = self.at(w.cell, look)
                if cell.id not in made:
                    made[cell.id] = measure(cell)
                record = self._looked(w, look, cell, made[cell.id])
                self.folder.append_event("look", **record)
                taken[w.place, look] = record["decision"]
            self._tell(mine, due, look, taken)
        return [self.at(cell, last) for cell in cells], made

    def at(self, cell: Cell, look: int) -> Cell:
        """The cell at the size of a look: a half, a quarter ... of its own n, but never part of given outputs."""
        if _given(cell):
            return cell
        return replace(cell, n=math.ceil(cell.n / 2 ** (len(self.sizes) - look)))

    def _looked(self, w: Watched, look: int, cell: Cell, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """One look as it is recorded."""
        record: dict[str, Any] = {
            "place": w.place, "gate": w.gate, "metric": f"{cell.probe.id}.{w.metric}", "model": cell.model.name,
            "lens": cell.lens.id if cell.lens else "", "look": look, "n": cell.n, "planned_n": w.cell.n,
            "value": None, "low": None, "high": None, "decision": "cannot tell", "because": "",
        }  # fmt: skip
        score = next((o for o in outcomes if isinstance(o, Score) and o.metric == w.metric), None)
        if score is None:
            return {**record, "because": _absence(outcomes, w.metric)}
        record |= {"value": score.estimate.value, "of": looked_at(score)}
        interval = look_interval(score.estimate, alpha=ALPHA / len(self.watched), looks=len(w.looks))
        if interval is None:
            return {**record, "because": "the score has no interval, so nothing bounds its error"}
        results = {ruled(w.rule, seen) for seen in _seen(score, interval, cell.n / w.cell.n)}
        decision = results.pop() if len(results) == 1 else "cannot tell"
        return {
            **record, "low": interval.low, "high": interval.high, "method": interval.method, "decision": decision
        }  # fmt: skip

    def _tell(self, mine: Sequence[Watched], due: Sequence[Watched], look: int, taken: dict[Any, str]) -> None:
        if due:
            done = sum(any(taken.get((w.place, k), "cannot tell") != "cannot tell" for k in w.looks) for w in mine)
            sizes = sorted({self.at(w.cell, look).n for w in due})
            self.voice.say(f"  look {look}, n = {', '.join(map(str, sizes))}: {done} of {len(mine)} gates decided")


def looked_at(score: Score) -> str:
    """Names what a look was taken of: code, weights, data, lens, benchmark. At anything else it decides nothing."""
    of = score.provenance
    return digest(of.probe_version, of.model_digest, of.dataset_digest, of.lens_digest, of.benchmark_digest)


def _seen(score: Score, interval: Interval, part: float) -> Iterator[Score]:
    """The score with that interval; where its floor shrinks with n, also against the least it can be at the whole n.

    A floor above a perfect value of 0 falls no faster than 1/n, so that at the whole n it lies between `part` of it and
    all of it: what is decided must hold at both ends.
    """
    estimate = replace(score.estimate, interval=interval)
    yield replace(score, estimate=estimate)
    if score.definition.sized == "floor" and estimate.floor is not None:
        yield replace(score, estimate=replace(estimate, floor=estimate.floor * part))


def _open(w: Watched, look: int, taken: dict[Any, str]) -> bool:
    """Whether no look before this one decided it."""
    return all(taken.get((w.place, k), "cannot tell") == "cannot tell" for k in w.looks if k < look)


def _watched(plan: Plan, looks: int) -> Iterator[Watched]:
    for i, gate in enumerate(plan.suite.gates):
        probe, metric = gate.metric.rsplit(".", 1)
        for cell in plan.runnable:
            if cell.probe.id == probe and concerns(gate, cell.model.name) and _sampled(cell):
                yield Watched(i, gate, metric, cell, _looks(gate, cell, metric, looks))


def _sampled(cell: Cell) -> bool:
    return not any(need.kind is Energy for need in cell.probe.needs)


def _looks(gate: Gate, cell: Cell, metric: str, looks: int) -> tuple[int, ...]:
    if _given(cell) or not any(need.role in FROM_MODEL for need in cell.probe.needs):
        return (1,)
    definition = cell.probe.spec.reports[metric]
    floor_unknown = gate.no_alarm and definition.sized == "floor" and definition.better != "lower"
    return (looks,) if definition.sized == "value" or floor_unknown else tuple(range(1, looks + 1))


def _given(cell: Cell) -> bool:
    return issubclass(cell.model.capabilities, Receives)


def _absence(outcomes: Sequence[Outcome], metric: str) -> str:
    for o in outcomes:
        if isinstance(o, Failed):
            return f"the probe failed: {o.error}"
        if isinstance(o, Skipped) and o.metric in ("", metric):
            return f"skipped: {o.because}"
    return "not measured"
