"""A plan at a glance: probes by axis down, models across, and below it why what is skipped is skipped."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genbench.cli.tables import GAP, aligned, fitted, shown, window
from genbench.core.settings import settings_of

if TYPE_CHECKING:
    from genbench.run.plan import Cell, Plan

LONGEST_NAME = 20


@dataclass
class Row:
    """One line of the matrix: a probe, or one of several ways in which the suite asks for it."""

    probe: str
    occurrence: int
    cells: dict[str, Cell] = field(default_factory=dict)  # by model


def plan_lines(plan: Plan, width: int | None = None) -> list[str]:
    """The whole of it as lines, none longer than `width` where names allow."""
    rows = _rows(plan)
    reasons = list(dict.fromkeys(cell.because for row in rows for cell in row.cells.values() if cell.because))
    lines = [*_head(plan), "", *_matrix(plan, rows, reasons, width or window())]
    if own := [f"  {_label(row, rows)}: {note}" for row in rows if (note := _own(plan, row))]:
        lines += ["", "Asked for in their own way", *own]
    if reasons:
        count = Counter(cell.because for cell in plan.cells)
        table = [[letter(i), f"{count[r]} x", shown(r)] for i, r in enumerate(reasons)]
        lines += ["", "Skipped because", *(f"  {line}" for line in fitted(table, (width or window()) - 2))]
    return lines


def letter(index: int) -> str:
    """0 -> a, 25 -> z, 26 -> aa: the mark of a reason."""
    first, last = divmod(index, 26)
    return (letter(first - 1) if first else "") + chr(ord("a") + last)


def _head(plan: Plan) -> Iterator[str]:
    suite = plan.suite
    skipped = len(plan.cells) - len(plan.runnable)
    models = "1 model" if len(plan.models) == 1 else f"{len(plan.models)} models"
    yield f"{shown(suite.name)}: {models}, {len(plan.runnable)} of {len(plan.cells)} cells will run, {skipped} skipped"
    limits = {"training": suite.train_n, "held-out": suite.held_out_n}
    real = " and ".join(f"{f'at most {n:,}' if n else 'all'} {kind}" for kind, n in limits.items())
    yield f"n = {suite.n:,} samples of each model; compared with {real} items"
    if plan.lenses:
        yield "; ".join(f"{modality} seen through {lens.id}" for modality, lens in plan.lenses.items())


def _rows(plan: Plan) -> list[Row]:
    rows: dict[tuple[str, int], Row] = {}
    for model in plan.models:
        met: Counter[str] = Counter()
        for cell in plan.cells:
            if cell.model is model:
                key = (cell.probe.id, met[cell.probe.id])
                rows.setdefault(key, Row(*key)).cells[model.name] = cell
                met[cell.probe.id] += 1
    order = {id: at for at, id in enumerate(dict.fromkeys(cell.probe.id for cell in plan.cells))}
    return sorted(rows.values(), key=lambda row: (order[row.probe], row.occurrence))


def _matrix(plan: Plan, rows: Sequence[Row], reasons: Sequence[str], width: int) -> Iterator[str]:
    """Blocks of columns, as many as the width asks for; models become numbers where their names need over two."""
    labels = {id(row): f"  {_label(row, rows).partition('.')[2]}" for row in rows}
    first = max((len(label) for label in labels.values()), default=0)
    names = {model.name: shortened(shown(model.name)) for model in plan.models}
    blocks = list(_blocks(names, width - first))
    if len(blocks) > 2:
        names = {name: str(number) for number, name in enumerate(names, 1)}
        blocks = list(_blocks(names, width - first))
        yield "models by their number in the table below"
    for block in blocks:
        grid: list[list[str]] = [["", *(names[name] for name in block)]]
        grid += [[labels[id(row)], *(_mark(row.cells.get(name), reasons) for name in block)] for row in rows]
        header, *body = aligned(grid)
        yield header
        axis = ""
        for row, line in zip(rows, body, strict=True):
            if row.probe.partition(".")[0] != axis:
                axis = row.probe.partition(".")[0]
                yield axis
            yield line
        if block is not blocks[-1]:
            yield ""


def _blocks(names: dict[str, str], width: int) -> Iterator[list[str]]:
    from rich.cells import cell_len

    block: list[str] = []
    used = 0
    for name, header in names.items():
        wide = max(cell_len(header), 3) + GAP
        if block and used + wide > width:
            yield block
            block, used = [], 0
        block.append(name)
        used += wide
    if block:
        yield block


def _mark(cell: Cell | None, reasons: Sequence[str]) -> str:
    if cell is None:
        return ""
    runs, not_so = ("✓", "–") if _can_print("✓–") else ("+", "-")
    return runs if cell.because is None else not_so + letter(reasons.index(cell.because))


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _label(row: Row, rows: Sequence[Row]) -> str:
    alone = sum(other.probe == row.probe for other in rows) == 1
    return row.probe if alone else f"{row.probe} ({row.occurrence + 1})"


def _own(plan: Plan, row: Row) -> str:
    """What differs from the suite's ways: the lens, the number of samples, a benchmark, settings."""
    notes: dict[str, None] = {}
    for cell in row.cells.values():
        usual = plan.lenses.get(cell.model.modality)
        if cell.lens and usual and (cell.lens.id, cell.lens.settings) != (usual.id, usual.settings):
            usually = {name: setting.default for name, setting in settings_of(cell.lens.capabilities).items()}
            notes[", ".join([f"through {cell.lens.id}", *_changed(cell.lens.settings, usually)])] = None
        if cell.n != plan.suite.n:
            notes[f"n = {cell.n:,}"] = None
        if cell.benchmark:
            notes[f"on {shown(cell.benchmark)}"] = None
        usually = {name: setting.default for name, setting in cell.probe.settings.items()}
        notes |= dict.fromkeys(_changed(cell.settings, usually))
    return ", ".join(notes)


def _changed(settings: Mapping[str, Any], usually: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {shown(value)}" for name, value in settings.items() if value != usually.get(name)]


def shortened(name: str) -> str:
    """A name as a column's head: its beginning and end where it is long."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 7]}...{name[-4:]}"
