"""One metric of one model from run to run, and where it moved: between which runs, revisions and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeAlias

import pandas as pd

from genbench.stats.changes import Change, changes

Record: TypeAlias = Mapping[str, Any]
LINE = ("model", "id", "dataset", "lens", "made")  # what the scores of one line share
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Moved:
    """A change of level, and the two runs it lies between."""

    change: Change
    before: Record
    after: Record

    @property
    def weights(self) -> str:
        digests = self.before["model_digest"], self.after["model_digest"]
        if not all(digests):
            return "weights unknown"
        return "same weights" if digests[0] == digests[1] else "weights changed"

    @property
    def words(self) -> str:
        """One line: between which runs, from where to where, and whether the weights moved with it."""
        first, then = ((end.low + end.high) / 2 for end in (self.change.before, self.change.after))
        runs = " and ".join(f"{r['run']} (revision {r['revision'] or 'unknown'})" for r in (self.before, self.after))
        unit = self.after["unit"]
        return f"between {runs}: from {first:.4g} to {then:.4g}{f' {unit}' if unit else ''}, {self.weights}"

    def plain(self) -> dict[str, Any]:
        """For machines: levels are means of all runs between two changes, with 95 % intervals."""
        c = self.change
        return {
            "after_run": self.before["run"],
            "after_revision": self.before["revision"],
            "from": [c.before.low, c.before.high],
            "to": [c.after.low, c.after.high],
            "p_value": c.p_value,
            "weights": self.weights,
        }


@dataclass(frozen=True)
class Trend:
    """Scores that may be compared, oldest first, each with its place `at` in the frame, and where their level changed.

    silent: how many of them have no interval, so that nothing they do can be told from chance.
    """

    records: tuple[Record, ...]
    moved: tuple[Moved, ...]
    silent: int

    @property
    def title(self) -> str:
        first = self.records[0]
        seen = f" through {first['lens']}" if first["lens"] else ""
        return f"{first['id']} of {first['model']} on {first['dataset']}{seen}"


def trends(frame: pd.DataFrame) -> list[Trend]:
    """A trend for each line of a history frame, in the frame's order. Runs without an interval are passed over.

    The standard error of a run is a quarter of its interval's width, nearly: that of a normal interval of 95 %.
    """
    lines: dict[tuple[Any, ...], list[Record]] = {}
    for at, record in enumerate(frame.astype(object).where(frame.notna(), None).to_dict(orient="records")):
        named = {"at": at, **{str(name): value for name, value in record.items()}}
        lines.setdefault(tuple(named[name] for name in LINE), []).append(named)
    return [_trend(records) for records in lines.values()]


def _trend(records: list[Record]) -> Trend:
    told = [r for r in records if r["low"] is not None and r["high"] is not None]
    values = [float(r["value"]) for r in told]
    errors = [(float(r["high"]) - float(r["low"])) / 2 / Z for r in told]
    narrowing = all(r["repeatable"] for r in told)
    found = changes(values, errors, narrowing=narrowing) if told else ()
    moved = tuple(Moved(change, told[change.at - 1], told[change.at]) for change in found)
    return Trend(tuple(records), moved, len(records) - len(told))
