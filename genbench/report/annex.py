"""The figures of the EU AI Act's Annex XI as a table: what a run knows, and why it does not know the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genbench.report.cast import Member
from genbench.report.numbers import duration, number
from genbench.results.run import Run


@dataclass(frozen=True)
class Figure:
    """value is empty where it is not known; `how` then says why, and else how it was found."""

    value: str
    how: str


@dataclass(frozen=True)
class Declared:
    """One model's row."""

    member: Member
    parameters: Figure
    operations: Figure
    seconds: Figure
    electricity: Figure
    sampling: Figure


def annex(run: Run, members: Mapping[str, Member]) -> tuple[Declared, ...]:
    """One row per model, as last written; empty for a run that has not ended yet."""
    last = {str(event["model"]): event for event in run.events("annex_xi")}
    return tuple(_row(members[name], event) for name, event in last.items() if name in members)


def _row(member: Member, event: Mapping[str, Any]) -> Declared:
    parameters = event["parameters"]
    seconds, hours = event["training_seconds"], event["training_kilowatt_hours"]
    ends = [event.get(f"training_kilowatt_hours_{end}") for end in ("low", "high")]
    bounds = f"[{number(ends[0])}, {number(ends[1])}]" if ends[0] is not None and ends[1] is not None else ""
    return Declared(
        member,
        Figure("" if parameters is None else f"{parameters:,}", str(event["parameters_how"])),
        Figure(_operations(event["training_flop"]), str(event["training_flop_how"])),
        Figure(
            "" if seconds is None else duration(seconds), "wall time" if seconds is not None else "not trained here"
        ),
        Figure("" if hours is None else f"{number(hours)} kWh", f"{bounds} {event['training_energy_how']}".strip()),
        Figure(_operations(event["sampling_flop_per_1000"]), str(event["sampling_flop_per_1000_how"])),
    )


def _operations(flop: float | None) -> str:
    return "" if flop is None else f"{number(flop)} FLOP"
