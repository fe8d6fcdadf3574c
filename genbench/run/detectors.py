"""What a detector of one model makes of another's outputs: a table of the run, made when all its models are done.

`misuse.detectability` and `misuse.detectability_raw` tell how well a model's outputs are known to a detector that was
shown some of them. Who meets outputs of unknown origin has no such detector: rows of this table are the models a
detector was shown, columns those it is asked about. On the diagonal stands the probe's own score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np

from genbench.core.chance import stream
from genbench.core.digest import digest
from genbench.core.evidence import Arrays, Features, Rng
from genbench.core.score import Outcome, Score
from genbench.results.store import RunFolder
from genbench.run.plan import Cell
from genbench.stats.detectors import HEARS, Answer, Dealt, Detector, crossed, dealt, fitted, verdict
from genbench.stats.raw_detectors import Shape, convolved, shown

PROBES = ("misuse.detectability", "misuse.detectability_raw")  # through a lens; of raw items
EVENT = "detectors"
LEVEL = 0.95

Place: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Heard:
    """One model's cell of the probe with what it was shown, dealt as it deals it: outputs, and real items as if saved
    like them. rng: the probe's chance, as dealing left it. shape: of raw items; None for features.
    """

    cell: Cell
    made: Dealt
    real: Dealt
    rng: Rng
    shape: Shape | None

    def fitted(self) -> Detector:
        """The detector that the probe fitted."""
        settings = self.cell.settings
        if self.shape is None:
            return fitted(self.made, self.real, settings["folds"], settings["detector"], self.rng)
        return convolved(self.made, self.real, self.shape, settings["steps"], self.rng)


class Detectors:
    """Gathers what the probe's cells were shown, and writes one table for each lens and settings with two models."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        """cells: all that will run; of a place that has one model alone nothing is kept."""
        self._asked = Counter(_place(cell) for cell in cells if cell.probe.id in PROBES)
        self._heard: dict[tuple[Place, Shape | None], list[Heard]] = {}

    def wants(self, cell: Cell, outcomes: Sequence[Outcome]) -> bool:
        """Whether the cell is one of a probe's with another beside it, and came to a score."""
        beside = cell.probe.id in PROBES and self._asked[_place(cell)] > 1
        return beside and any(isinstance(outcome, Score) for outcome in outcomes)

    def note(self, cell: Cell, generated: Features | Arrays, held_out: Features | Arrays) -> None:
        """What is dealt is kept in memory until the run ends, so the rows that the probe's limit leaves out are not.

        Real items that several models are compared with are kept once.
        """
        shape: Shape | None = None
        rng, limit = stream(cell.seed, cell.probe.id), cell.settings["limit"]  # as the probe itself does
        if isinstance(generated, Arrays) and isinstance(held_out, Arrays):
            seen = shown(generated, held_out, limit, rng)
            shape, real, made = seen.shape, seen.real, seen.made
        else:
            assert isinstance(generated, Features)
            assert isinstance(held_out, Features)
            real, made = (dealt(side, limit, rng) for side in (held_out, generated))
        group = self._heard.setdefault((_place(cell), shape), [])
        real = next((other.real for other in group if _alike(other.real, real)), real)
        group.append(Heard(cell, made, real, rng, shape))

    def tell(self, folder: RunFolder) -> None:
        """One `detectors` event for each table."""
        for group in self._heard.values():
            if len(group) > 1:
                folder.append_event(EVENT, **table(group))


def _place(cell: Cell) -> Place:
    """What two cells must share to stand in one table: probe, data, lens, settings. Not n: given outputs may be few."""
    lens = digest(cell.lens.id, cell.lens.settings) if cell.lens else ""
    return cell.probe.id, cell.model.data, lens, digest(cell.settings)


def _alike(one: Dealt, other: Dealt) -> bool:
    return one.fit_keys == other.fit_keys and all(
        np.array_equal(a, b) for a, b in ((one.fit, other.fit), (one.judged, other.judged))
    )


def table(group: Sequence[Heard]) -> dict[str, Any]:
    """The table in plain values: models, the kind each one's detector is, and cells[i][j], None where not asked."""
    detectors = [heard.fitted() for heard in group]
    answers = crossed(detectors, [(heard.made, heard.real) for heard in group], LEVEL)
    first = group[0].cell
    return {
        "probe": first.probe.id,
        "data": first.model.data,
        "modality": first.model.modality,
        "lens": first.lens.id if first.lens else "",
        "settings": {"lens": dict(first.lens.settings) if first.lens else {}, "probe": dict(first.settings)},
        "models": [heard.cell.model.name for heard in group],
        "detectors": [detector.name for detector in detectors],
        "hears": HEARS,
        "level": LEVEL,
        "cells": [
            [_plain(answer, answers[i][i], answers[j][j]) for j, answer in enumerate(row)]
            for i, row in enumerate(answers)
        ],
    }


def _plain(answer: Answer | None, trained: Answer | None, judged: Answer | None) -> dict[str, Any] | None:
    return None if answer is None else {**asdict(answer), "verdict": verdict(answer, trained, judged)}
