"""`genbench run` and `genbench plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from genbench.run.plan import Plan
    from genbench.run.suite import Suite


@click.command("run")
@click.argument("suite")
@click.option("--resume", is_flag=True, help="Take up this suite's last unfinished or finished run; repeat nothing.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps. Default: the suite's.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change the suite, e.g. --set n=200.")
@click.option("--country", metavar="ISO3", help="Where the electricity comes from, e.g. FRA. Never guessed.")
@click.option("--out", type=click.Path(path_type=Path), help="The run folder. Default: .genbench/runs/NAME-TIME.")
@click.option("--report/--no-report", default=True, help="Compile the HTML report when the run is done.")
@click.option("--quiet", is_flag=True, help="Say only what a person must read.")
def run_command(
    suite: str,
    resume: bool,
    device: str | None,
    overrides: tuple[str, ...],
    country: str | None,
    out: Path | None,
    report: bool,
    quiet: bool,
) -> None:
    """Carry out SUITE: a shipped suite's name, or the path of a YAML file.

    Prints the run folder, then the report's path, on standard output; progress goes to standard error.
    A run that was killed goes on where it was with --resume and ends at the same scores.

    \b
    Examples:
      genbench run quickstart
      genbench run my.yaml --device cuda --set models.0.preset=base
      genbench run my.yaml --resume
      genbench run ci-energy --country FRA
    """
    from genbench.run.start import Options, run_suite
    from genbench.run.voice import Voice

    loaded = _load(suite, overrides, country)
    options = Options(device=device, resume=resume, out=out, command=["genbench", *sys.argv[1:]])
    try:
        folder = run_suite(loaded, options, Voice(quiet=quiet))
    except KeyboardInterrupt:
        repeat = " ".join(["genbench", *sys.argv[1:], *([] if resume else ["--resume"])])
        click.echo(f"\ninterrupted; nothing finished is lost. Go on with:\n  {repeat}", err=True)
        sys.exit(130)
    click.echo(str(folder))
    if report:
        from genbench.report.html import write_report
        from genbench.results.run import Run

        page = folder / "report.html"
        write_report(Run.load(folder), page)
        click.echo(str(page))


@click.command("plan")
@click.argument("suite")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change the suite, e.g. --set n=200.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def plan_command(suite: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show what SUITE would do: every probe on every model, and why some will be skipped.

    Nothing is trained and no data is read.

    \b
    Examples:
      genbench plan quickstart
      genbench plan my.yaml --set n=2000 --json
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.run.forecast import forecast
    from genbench.run.plan import make_plan

    plan = make_plan(_load(suite, overrides, None))
    if as_json:
        print_json({"cells": _rows(plan), "forecast": [vars(f) for f in forecast(plan)]})
        return
    click.echo(
        f"{plan.suite.name}: {len(plan.models)} models, {len(plan.runnable)} of {len(plan.cells)} cells will run\n"
    )
    print_table(["model", "probe", "lens", "n", "will run?"], [list(row.values()) for row in _rows(plan)])
    click.echo()
    print_table(
        ["model", "made before?", "estimate"],
        [[f.model, "kept: no work" if f.kept else "to be made", f.words] for f in forecast(plan)],
    )


def _load(suite: str, overrides: tuple[str, ...], country: str | None) -> Suite:
    from genbench.run.suite import Suite

    changes = [*overrides, *([f"meters.country={country}"] if country else [])]
    return Suite.load(suite, overrides=changes)


def _rows(plan: Plan) -> list[dict[str, object]]:
    return [
        {
            "model": cell.model.name,
            "probe": cell.probe.id,
            "lens": cell.lens.id if cell.lens else "",
            "n": cell.n,
            "will_run": "yes" if cell.because is None else f"skipped: {cell.because}",
        }
        for cell in plan.cells
    ]
