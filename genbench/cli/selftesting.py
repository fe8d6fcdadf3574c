"""`genbench selftest`: the instrument's own certificate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from genbench.core.score import Interval
    from genbench.selftest.certify import Findings
    from genbench.selftest.coverage import Covered

WORDS = {True: "yes", False: "NO"}
MOST_JOBS = 8  # each holds its own libraries and models, about half a gigabyte


@click.command("selftest", short_help="Plant known defects; see which probes hear them.")
@click.argument("probes", nargs=-1, metavar="[PROBE]...")
@click.option("--full", is_flag=True, help="The counts of a long run: some hundred trials a dose, 1,000 nulls.")
@click.option("--n", type=click.IntRange(20), default=300, show_default=True, help="Outputs in each trial.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option(
    "--coverage-table", type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the coverage of every interval there, as Markdown. With --full: from 1,000 nulls each.",
)  # fmt: skip
@click.option("--coverage-only", is_flag=True, help="Plant nothing: only count how often intervals hold the truth.")
@click.option(
    "--jobs", type=click.IntRange(1), default=None, help="Processes side by side.  [default: one a core, at most 8]"
)
def selftest_command(
    probes: tuple[str, ...],
    full: bool,
    n: int,
    as_json: bool,
    coverage_table: Path | None,
    coverage_only: bool,
    jobs: int | None,
) -> None:
    """Plant known defects and see which probes hear them, and which cry wolf.

    Each row is one metric on one planted defect at one dose: how many trials it was heard in, with a 95 %
    interval. What was run before is run again only where its code has changed. The certificate is
    kept in .genbench/selftest; the next runs carry it, and their reports show it.

    Exit code: 0 where every row held, 1 where one did not.

    \b
    Examples:
      genbench selftest
      genbench selftest memorization.copying memorization.duplicates
      genbench selftest --full --coverage-only --coverage-table docs/coverage.md
    """
    from joblib import cpu_count

    from genbench.cli.tables import print_json
    from genbench.run.home import Home
    from genbench.run.voice import Voice
    from genbench.selftest.certify import Request, selftest
    from genbench.selftest.markdown import coverage_markdown

    findings = selftest(
        Request(probes, n, full, coverage_only, jobs or min(cpu_count(), MOST_JOBS)), Home.here(), Voice()
    )
    if coverage_table is not None:
        coverage_table.parent.mkdir(parents=True, exist_ok=True)
        coverage_table.write_text(coverage_markdown(findings.coverage), encoding="utf-8")
    if as_json:
        print_json(
            {
                "held": findings.held,
                "n": n,
                "rows": [row.plain() for row in findings.rows],
                "coverage": [covered.plain() for covered in findings.coverage],
            }
        )
    else:
        _print(findings)
    sys.exit(0 if findings.held else 1)


def _print(findings: Findings) -> None:
    from genbench.cli.tables import print_table

    if findings.rows:
        _print_rows(findings)
    print_table(
        ["interval", "data", "covered", "of", "95 % interval", "held"],
        [[c.method, c.data, c.covered, c.runs, _ends(c.interval), _held(c)] for c in findings.coverage],
        title="How often 95 % intervals hold the truth",
    )
    checked = [row for row in findings.rows if row.demand.want != "shown"]
    broken = [row for row in checked if not row.held]
    narrow = [c for c in findings.coverage if not c.held]
    click.echo()
    for row in broken:
        wanted = "heard" if row.demand.want == "heard" else "silent"
        click.echo(f"NOT HELD: {row.demand.metric} on {row.plant} at {row.demand.dose}: {row.heard} of {row.trials}, "
                   f"wanted {wanted} ({row.demand.how})")  # fmt: skip
    for c in narrow:
        click.echo(f"NOT HELD: {c.method} on {c.data}: covers {c.covered} of {c.runs}")
    planted = f"{len(checked) - len(broken)} of {len(checked)} rows held, " if findings.rows else ""
    click.echo(
        f"{planted}{len(findings.coverage) - len(narrow)} of {len(findings.coverage)} intervals cover; "
        f"{findings.reused} parts were known from before"
    )


def _print_rows(findings: Findings) -> None:
    from genbench.cli.tables import print_table

    print_table(
        ["plant", "dose", "metric", "counts as heard", "heard", "of", "95 % interval", "wanted", "held"],
        [
            [
                row.plant, row.demand.dose, row.demand.metric, row.demand.how, row.heard,
                f"{row.trials}{f' ({row.lost} without a score)' if row.lost else ''}", _ends(row.interval),
                row.demand.want, "" if row.demand.want == "shown" else WORDS[row.held],
            ]
            for row in findings.rows
        ],
        title="What was planted, and who heard it",
    )  # fmt: skip
    click.echo()


def _held(covered: Covered) -> str:
    return "no, as known" if covered.narrow and covered.held else WORDS[covered.held]


def _ends(interval: Interval) -> str:
    return f"{interval.low:.0%} to {interval.high:.0%}"
