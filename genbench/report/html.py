"""The report: one HTML page that opens offline, runs no script, loads nothing and stays below 2 MB."""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from genbench.core.errors import ResultsError
from genbench.core.inert import inert
from genbench.report import reading
from genbench.report.axes import sections
from genbench.report.cast import Member, cast
from genbench.report.certificate import vouchers
from genbench.report.costs import costs
from genbench.report.curves import curve, fits
from genbench.report.decision import Decision, decision
from genbench.report.detectors import detectors
from genbench.report.doubts import FEW, at_a_glance, doubts
from genbench.report.exhibits import Evidence, evidence, walls
from genbench.report.families import beside, families
from genbench.report.front import fronts
from genbench.report.numbers import count, listed
from genbench.report.origins import origins
from genbench.report.overview import judged, overview
from genbench.report.path import stretches
from genbench.results.evidence_files import write_whole
from genbench.results.run import Run

LARGEST = 2_000_000  # bytes
PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class Allowance:
    """How much a page may show: items a gallery, exhibits a score, characters a traceback, rows a table."""

    gallery: int
    exhibits: int
    traceback: int
    rows: int


# Tried in this order until the page is small enough.
ALLOWANCES = (
    Allowance(24, 6, 8000, 200),
    Allowance(12, 4, 4000, 200),
    Allowance(12, 2, 2000, 100),
    Allowance(12, 1, 1000, 60),
    Allowance(6, 1, 1000, 60),
    Allowance(6, 0, 1000, 60),
    Allowance(0, 0, 400, 40),
    Allowance(0, 0, 100, 12),
)


def write_report(run: Run, page: Path) -> None:
    """Writes the run as one page. `ResultsError` where even its numbers alone would pass 2 MB."""
    for allowance in ALLOWANCES:
        raw = compile_report(run, allowance).encode("utf-8")
        if len(raw) < LARGEST:
            write_whole(page, raw)
            return
    raise ResultsError(
        f"the report of {run.path} would be {len(raw):,} bytes; split the suite, or read the scores with export"
    )


def compile_report(run: Run, allowance: Allowance = ALLOWANCES[0]) -> str:
    """The page as text."""
    members = cast(run)
    decided = decision(run, members)
    axes = sections(run, members, allowance.rows)
    style = Markup((PAGE / "style.css").read_text(encoding="utf-8"))  # ours, and holds no "<"
    return _templates().get_template("page.html.j2").render(
        run=run,
        header=run.header,
        style=style,
        policy=_policy(style),
        members=members,
        decision=decided,
        stretches=stretches(run),
        overview=overview(run, members, allowance.rows),
        families=families(run),
        between=beside(run),
        fronts=fronts(run, members),
        detectors=detectors(run, members),
        axes=axes,
        places={(m.id, m.title): m.anchor for axis in axes for m in (*axis.metrics, *axis.context)},
        walls=walls(run, members, allowance.gallery),
        evidence=_evidence(run, decided, members, allowance.exhibits),
        fits=[(event, curve(str(event["model"]), event.get("ticks", []))) for event in fits(run)],
        costs=costs(run, members),
        vouchers=vouchers(run),
        origins=origins(run),
        allowance=allowance,
        thrifty=allowance != ALLOWANCES[0],
    )  # fmt: skip


def _policy(style: str) -> str:
    """Nothing is loaded or run; the one style sheet is named by its hash."""
    name = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{name}'; img-src data:; base-uri 'none'; form-action 'none'"


@functools.cache
def _templates() -> Environment:
    """Jinja that makes every value inert and escapes it, and refuses names it does not know."""
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(
        in_words=reading.in_words,
        told=reading.told,
        states=reading.STATES,
        count=count,
        listed=listed,
        doubts=doubts,
        at_a_glance=at_a_glance,
        few=FEW,
    )
    return environment


def _shown(value: Any) -> Any:
    return value if isinstance(value, Markup) else inert(str(value))


def _evidence(
    run: Run, decided: Decision, members: dict[str, Member], most: int
) -> tuple[tuple[str, tuple[Evidence, ...]], ...]:
    """(heading, exhibits): alarms first, then doubt, then what the controls planted, then the worst of the rest."""
    rest = [s for s in judged(run.measured) if s.state not in ("alarm", "unsure") and not members[s.model].control]
    return tuple(
        (heading, found)
        for heading, scores in (
            ("Behind the alarms", decided.alarms),
            ("Behind what is unsure", decided.unsure),
            ("Behind the alarms of controls", decided.caught),
            ("Worst items without an alarm", rest),
        )
        if (found := evidence(run, list(scores), members, most))
    )
