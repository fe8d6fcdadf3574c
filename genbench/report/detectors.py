"""Does a detector of one model's outputs know another's? The run's tables, in rows and sentences.

Detectors go by features of a lens, or by the likelihood or the token ranks that their own model gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genbench.report.cast import Member
from genbench.report.numbers import count, duration, energy, listed
from genbench.results.run import Run

HEADS = {"features": "trained on", "likelihood": "by likelihood of", "rank": "by ranks of"}
ACCOUNTS = {"likelihood": "likelihood", "rank": "token ranks"}


@dataclass(frozen=True)
class Answer:
    """One detector about one model. own: the detector is that model's. Empty `value`: it was not asked, or of too few
    items that it has not seen; `verdict` then says so. carried: what it makes of them as it was fitted on its own
    model's outputs, where this answer is that of one fitted on theirs.
    """

    value: str
    interval: str
    n: str
    verdict: str
    own: bool
    carried: str = ""


@dataclass(frozen=True)
class Row:
    """One model's detector, which kind it is, what it makes of each model, and that in a sentence.

    because: why it has no detector, and so no answer; empty where it has.
    """

    member: Member
    detector: str
    answers: tuple[Answer, ...]
    words: str
    because: str = ""


@dataclass(frozen=True)
class Table:
    """place: by what, on which data, and what was set by hand. by: features, likelihood or rank. plain: as the run has
    it.
    """

    place: str
    by: str
    lens: str
    rows: tuple[Row, ...]
    plain: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        return [self.head, *(row.member.name for row in self.rows)]

    @property
    def head(self) -> str:
        return HEADS[self.by]

    @property
    def lines(self) -> list[list[str]]:
        """Cells as text: `0.90 [0.82, 0.95]`."""
        return [
            [
                f"{row.member.name} ({row.detector or 'no detector'})",
                *(f"{a.value} {a.interval}".strip() or "-" for a in row.answers),
            ]
            for row in self.rows
        ]

    @property
    def made(self) -> str:
        """How long the texts are that were judged, and what the table took, for one that was made after the run."""
        if (spent := self.plain.get("spent")) is None:
            return ""
        cut = self.plain["cut"]
        texts = "" if cut is None else f"All texts are cut to {count(cut['characters'], 'character')}"
        if cut is not None and cut["shortest"]:
            texts += f", as outputs of {listed(cut['shortest'])} are short"
        joules = "" if spent["joules"] is None else f" and {energy(spent['joules'])}"
        took = (
            f"Made when asked for, in {duration(spent['cpu_seconds'])} of CPU time{joules} beside what the run did cost"
        )
        return ". ".join(filter(None, [texts, took])) + "."


def detectors(run: Run, members: Mapping[str, Member]) -> tuple[Table, ...]:
    """One for each way, lens and settings, as last written; none where fewer than two models of one kind were scored.

    A table that was made after the run counts as long as the run's models are those that it is about.
    """
    models = {str(event["name"]): str(event.get("digest", "")) for event in run.events("model")}
    last = {
        (_by(event), str(event["data"]), str(event["lens"]), repr(event["settings"])): event
        for event in run.events("detectors")
        if event.get("digests") in (None, [models.get(str(name), "") for name in event["models"]])
    }
    return tuple(_table(event, members) for event in last.values())


def _by(event: Mapping[str, Any]) -> str:
    return str(event.get("by", "features"))


def _table(event: Mapping[str, Any], members: Mapping[str, Member]) -> Table:
    names, by = [str(name) for name in event["models"]], _by(event)
    reasons = event.get("because", [""] * len(names))
    rows = []
    for i, (name, kind, cells) in enumerate(zip(names, event["detectors"], event["cells"], strict=True)):
        answers = tuple(_answer(cell, i == j) for j, cell in enumerate(cells))
        words = _words(name, names, cells, i) if by == "features" else _told(name, names, cells, by, reasons[i])
        rows.append(Row(members[name], str(kind), answers, words, str(reasons[i])))
    plain = {key: value for key, value in event.items() if key != "kind"}
    return Table(_place(event), by, str(event["lens"]), tuple(rows), plain)


def _place(event: Mapping[str, Any]) -> str:
    if (by := _by(event)) != "features":
        return f"by {ACCOUNTS[by]} on {event['data']}"
    if event.get("probe") == "misuse.detectability_raw":
        return f"on raw items of {event['data']}"
    kind = event["settings"]["probe"].get("detector", "better")
    told = "" if kind == "better" else f", {kind}"
    return f"through {event['lens']} on {event['data']}{told}"


def _answer(cell: Mapping[str, Any] | None, own: bool) -> Answer:
    if cell is None or "auc" not in cell:
        return Answer("", "", "", str(cell["because"]) if cell else "not asked", own)
    sizes = f"n = {cell['outputs']}" if cell["outputs"] == cell["real"] else f"n = {cell['outputs']} / {cell['real']}"
    value, interval = _figures(cell)
    over = cell.get("carried")
    return Answer(
        value, interval, sizes, str(cell["verdict"]), own,
        f"{' '.join(_figures(over))}, {over['verdict']}" if over else "",
    )  # fmt: skip


def _figures(found: Mapping[str, Any]) -> tuple[str, str]:
    return f"{found['auc']:.2f}", f"[{found['interval']['low']:.2f}, {found['interval']['high']:.2f}]"


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


def _told(name: str, names: list[str], cells: list[Mapping[str, Any] | None], by: str, because: str) -> str:
    """One sentence about whose outputs are told by what `name` makes of them."""
    if because:
        return f"By the {ACCOUNTS[by]} of {name} no outputs can be told: {because}."
    whose: dict[str, list[str]] = {}
    for other, cell in zip(names, cells, strict=True):
        called = "itself" if other == name else other
        if cell and "because" in cell:
            called += f" ({cell['because']})"
        whose.setdefault(str(cell["verdict"]) if cell and "verdict" in cell else "not asked", []).append(called)
        if cell and cell.get("carried"):
            whose.setdefault(str(cell["carried"]["verdict"]) + ", carried", []).append(other)

    def told(*ways: tuple[str, str]) -> str:
        return "; ".join(words.format(listed(whose[way])) for way, words in ways if way in whose)

    asked = told(
        ("tells", "tells outputs of {}"), ("cannot tell", "cannot tell those of {}"),
        ("not asked", "was not asked about {}"),
    )  # fmt: skip
    over = told(
        ("carries over, carried", "it tells those of {}"),
        ("turns round, carried", "it finds those of {} more real than real items"),
        ("cannot tell, carried", "it cannot tell those of {}"),
    )
    return f"By {ACCOUNTS[by]}, {name} {asked}." + (f" Fitted on its own outputs alone, {over}." if over else "")
