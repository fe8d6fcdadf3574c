"""What models used, stage by stage, and what the instrument used for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from genbench.core.evidence import Stage
from genbench.core.meter import SHORTEST
from genbench.report.annex import Declared, annex
from genbench.report.carbon import Footprints, footprints
from genbench.report.cast import Member
from genbench.report.crosscheck import Check, check
from genbench.report.numbers import count, duration, energy
from genbench.report.parts import Parts, parts
from genbench.report.svg import picture, shortened, tag, text
from genbench.results.run import Run
from genbench.run.account import MODEL_STAGES

NAMES = {"train": "training", "sample": "sampling", "score": "scoring"}
WIDTH, LABEL, ROW, ROOM = 360.0, 112.0, 24.0, 78.0


@dataclass(frozen=True)
class Cost:
    """A stage's sum in words. joules is empty where no meter could read it, and method then says so."""

    joules: str
    interval: str
    seconds: str
    cpu_seconds: str
    method: str
    samples: str
    earlier: bool


@dataclass(frozen=True)
class Bill:
    """One model's stages in the order of MODEL_STAGES, None where there was none, and all of them together."""

    member: Member
    stages: tuple[Cost | None, ...]
    total: Cost


@dataclass(frozen=True)
class Costs:
    """harness: (stage, cost) of this run that no model is charged with; whole: all this run spent now.

    parts: by component; carbon: of running and of making; check: our books against the meter's; annex: Annex XI.
    """

    bills: tuple[Bill, ...]
    chart: Markup | None
    harness: tuple[tuple[str, Cost], ...]
    harness_total: Cost | None
    whole: Cost | None
    measure: str
    parts: Parts | None
    carbon: Footprints | None
    check: Check
    annex: tuple[Declared, ...]


def costs(run: Run, members: Mapping[str, Member]) -> Costs:
    """Models are charged by `cost` events, whenever their evidence was made; the harness by the ledger of this run."""
    charged = {(str(e["owner"]), str(e["key"])): Stage.read(e["stage"]) for e in run.events("cost")}
    by_model = {
        name: [s for (owner, _), s in charged.items() if owner == name and s.name in MODEL_STAGES] for name in members
    }
    by_model = {name: stages for name, stages in by_model.items() if stages}
    bills = tuple(
        Bill(members[name], tuple(_sum([s for s in stages if s.name == own]) for own in MODEL_STAGES), _total(stages))
        for name, stages in by_model.items()
    )
    ledger = run.stages()
    harness = [s for model, s in ledger if not (model and s.name in MODEL_STAGES)]
    by_stage = {name: [s for s in harness if s.name == name] for name in dict.fromkeys(s.name for s in harness)}
    measured = any(s.joules is not None for stages in by_model.values() for s in stages)
    return Costs(
        bills,
        _chart(by_model, measured) if by_model else None,
        tuple((name, _total(stages)) for name, stages in by_stage.items()),
        _sum(harness),
        _sum([s for _, s in ledger]),
        "joules" if measured else "CPU-seconds",
        parts(run, by_model, harness),
        footprints(run, members, by_model),
        check(run),
        annex(run, members),
    )


def _sum(stages: Sequence[Stage]) -> Cost | None:
    return _total(stages) if stages else None


def _total(stages: Sequence[Stage]) -> Cost:
    read = [s for s in stages if s.joules is not None]
    joules = _add(s.joules for s in read)
    low, high = _add(s.joules_low for s in read), _add(s.joules_high for s in read)
    samples = sum(s.samples for s in stages)
    return Cost(
        energy(joules) if read else "",
        f"[{energy(low)}, {energy(high)}]" if read and high > low else "",
        duration(_add(s.seconds for s in stages)),
        duration(_add(s.cpu_seconds for s in stages)),
        ", ".join(sorted({s.method for s in read})) or _unread(stages),
        count(samples, "item") if samples else "",
        any(s.cached for s in stages),
    )


def _unread(stages: Sequence[Stage]) -> str:
    return "too short to read" if all(s.seconds < SHORTEST for s in stages) else "no reading"


def _add(values: Iterable[float | None]) -> float:
    return float(sum(v or 0.0 for v in values))


def _chart(by_model: Mapping[str, Sequence[Stage]], measured: bool) -> Markup:
    """Stacked bars: training, sampling, scoring in three shades, the sum at the end."""

    def size(stage: Stage) -> float:
        return (stage.joules or 0.0) if measured else stage.cpu_seconds

    def say(name: str) -> str:
        whole = sum(sums[name])
        return "no reading" if name in unread else energy(whole) if measured else duration(whole)

    unread = {name for name, stages in by_model.items() if measured and all(s.joules is None for s in stages)}
    sums = {
        name: [_add(size(s) for s in stages if s.name == own) for own in MODEL_STAGES]
        for name, stages in by_model.items()
    }
    most = max((sum(parts) for parts in sums.values()), default=0.0) or 1.0
    parts: list[Markup] = []
    for i, (name, amounts) in enumerate(sums.items()):
        y, x = 4 + ROW * i, LABEL
        parts.append(text(0, y + 14, shortened(name, 15), "label"))
        for own, amount in zip(MODEL_STAGES, amounts, strict=True):
            width = (WIDTH - LABEL - ROOM) * amount / most
            parts.append(tag("rect", {"class": f"stage {own}", "x": x, "y": y + 2, "width": width, "height": 15}))
            x += width
        parts.append(text(x + 6, y + 14, say(name), "tick"))
    told = "; ".join(f"{name}: {say(name)}" for name in sums)
    what = "Energy" if measured else "CPU time"
    return picture(f"{what} by model and stage. {told}", WIDTH, ROW * len(sums) + 8, parts, "bars")
