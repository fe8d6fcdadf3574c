"""Does a detector trained on one model's outputs know another's? The run's tables, in rows and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genbench.report.cast import Member
from genbench.report.numbers import listed
from genbench.results.run import Run

HEAD = "trained on"


@dataclass(frozen=True)
class Answer:
    """One detector about one model. own: the detector is that model's. Empty `value`: too few items that it has not
    seen.
    """

    value: str
    interval: str
    n: str
    verdict: str
    own: bool


@dataclass(frozen=True)
class Row:
    """One model's detector, which kind it is, what it makes of each model, and that in a sentence."""

    member: Member
    detector: str
    answers: tuple[Answer, ...]
    words: str


@dataclass(frozen=True)
class Table:
    """place: through which lens, on which data, and what was set by hand. plain: as the run keeps it."""

    place: str
    lens: str
    rows: tuple[Row, ...]
    plain: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        return [HEAD, *(row.member.name for row in self.rows)]

    @property
    def lines(self) -> list[list[str]]:
        """Cells as text: `0.90 [0.82, 0.95]`."""
        return [
            [f"{row.member.name} ({row.detector})", *(f"{a.value} {a.interval}".strip() or "-" for a in row.answers)]
            for row in self.rows
        ]


def detectors(run: Run, members: Mapping[str, Member]) -> tuple[Table, ...]:
    """One for each lens and settings, as last written; none where fewer than two models of one kind were scored."""
    last = {
        (str(event["data"]), str(event["lens"]), repr(event["settings"])): event for event in run.events("detectors")
    }
    return tuple(_table(event, members) for event in last.values())


def _table(event: Mapping[str, Any], members: Mapping[str, Member]) -> Table:
    names: list[str] = [str(name) for name in event["models"]]
    rows = []
    for i, (name, kind, cells) in enumerate(zip(names, event["detectors"], event["cells"], strict=True)):
        answers = tuple(_answer(cell, i == j) for j, cell in enumerate(cells))
        rows.append(Row(members[name], str(kind), answers, _words(name, names, cells, i)))
    plain = {key: value for key, value in event.items() if key != "kind"}
    return Table(_place(event), str(event["lens"]), tuple(rows), plain)


def _place(event: Mapping[str, Any]) -> str:
    kind = event["settings"]["probe"].get("detector", "better")
    told = "" if kind == "better" else f", {kind}"
    return f"through {event['lens']} on {event['data']}{told}"


def _answer(cell: Mapping[str, Any] | None, own: bool) -> Answer:
    if cell is None:
        return Answer("", "", "", "not asked", own)
    interval = cell["interval"]
    sizes = f"n = {cell['outputs']}" if cell["outputs"] == cell["real"] else f"n = {cell['outputs']} / {cell['real']}"
    return Answer(
        f"{cell['auc']:.2f}", f"[{interval['low']:.2f}, {interval['high']:.2f}]", sizes, str(cell["verdict"]), own
    )


def _words(name: str, names: list[str], cells: list[Mapping[str, Any] | None], i: int) -> str:
    """One sentence about what the detector of `name` makes of the others, the clear answers first."""
    own = cells[i]
    others: dict[str, list[str]] = {}
    for j, cell in enumerate(cells):
        if j != i:
            others.setdefault("not asked" if cell is None else str(cell["verdict"]), []).append(names[j])
    told = [
        f"{verb} {listed(others[verdict])}"
        for verdict, verb in (
            ("does not hear", "does not hear"),
            ("hears", "hears"),
            ("cannot tell", "may or may not hear"),
            ("not asked", "has seen too much of the same items to be asked about"),
        )
        if verdict in others
    ]
    if own is None or own["verdict"] != "hears":
        told.append(f"is not shown to hear even {name}, so that its silence about others shows nothing")
    elif "nothing follows" in others:
        told.append(f"stays silent about {listed(others['nothing follows'])}, as an own detector nearly does")
    return f"A detector trained on {name} " + "; ".join(told) + "."
