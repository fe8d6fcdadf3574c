"""`genbench run` and `genbench plan`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genbench.cli.bundling import bundled
from genbench.cli.completing import suites

if TYPE_CHECKING:
    from genbench.run.plan import Plan
    from genbench.run.suite import Suite


@dataclass(frozen=True)
class How:
    """How a suite is carried out, as the options of `genbench run` say it."""

    resume: bool
    device: str | None
    out: Path | None
    until_decided: bool
    budget: int | None
    report: bool
    quiet: bool

    def __post_init__(self) -> None:
        if self.budget is not None and not self.until_decided:
            raise click.UsageError("--budget says how far --until-decided may go; for another fixed n, use --set n=...")

    def most(self, n: int) -> int | None:
        """So many samples of each model at most, of a suite's n, where the run stops early; None where it does not."""
        return (self.budget or n) if self.until_decided else None


@click.command("run", short_help="Carry out a suite: train or load, sample, score.")
@click.argument("suite", shell_complete=suites)
@click.option("--resume", is_flag=True, help="Take up this suite's last unfinished or finished run; repeat nothing.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps. Default: the suite's.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change the suite, e.g. --set n=200.")
@click.option("--country", metavar="ISO3", help="Where the electricity comes from, e.g. FRA. Never guessed.")
@click.option("--out", type=click.Path(path_type=Path), help="The run folder. Default: .genbench/runs/NAME-TIME.")
@click.option("--until-decided", is_flag=True, help="Draw in growing blocks; stop once every gate is decided.")
@click.option(
    "--budget", type=click.IntRange(min=1), metavar="N",
    help="With --until-decided: at most N samples from each model. Default: the suite's n.",
)  # fmt: skip
@click.option("--report/--no-report", default=True, help="Compile the HTML report when the run is done.")
@click.option("--quiet", is_flag=True, help="Say only what a person must read.")
@bundled(How)
def run_command(suite: str, overrides: tuple[str, ...], country: str | None, how: How) -> None:
    """Carry out SUITE: a shipped suite's name, or the path of a YAML file.

    Prints the run folder, then the report's path, on standard output; progress goes to standard error.
    A run that was killed goes on where it was with --resume and ends at the same scores. Exits 4 where nothing at all
    could be measured; a part that failed is said, and left to the gates.

    With --until-decided each model is looked at after 1/8, 1/4, 1/2 and all of its samples (more often under a larger
    budget), and no more are drawn once its gates have passed or failed. Looking often does not raise the error: all
    decisions of the run are right together with a chance of 95 %. `genbench gate` then judges by those looks, and a
    gate that the budget did not decide is "cannot tell".

    \b
    Examples:
      genbench run quickstart
      genbench run my.yaml --device cuda --set models.0.preset=base
      genbench run my.yaml --resume
      genbench run ci-energy --country FRA
      genbench run quickstart --until-decided --budget 2000
    """
    from genbench.results.run import Run
    from genbench.run.start import Options, run_suite
    from genbench.run.voice import Voice

    loaded, command = _load(suite, overrides, country), ["genbench", *sys.argv[1:]]
    options = Options(device=how.device, resume=how.resume, out=how.out, budget=how.most(loaded.n), command=command)
    try:
        folder = run_suite(loaded, options, Voice(quiet=how.quiet))
    except KeyboardInterrupt:
        repeat = shlex.join([*command, *([] if how.resume else ["--resume"])])
        click.echo(f"\ninterrupted; nothing finished is lost. Go on with:\n  {repeat}", err=True)
        sys.exit(130)
    click.echo(str(folder))
    done = Run.load(folder)
    if how.report:
        from genbench.report.html import write_report

        page = folder / "report.html"
        write_report(done, page)
        click.echo(str(page))
    if done.failed and not done.measured:
        click.echo(f"nothing was measured: all that could be tried failed, first {done.failed[0].error}", err=True)
        sys.exit(4)


@click.command("plan", short_help="Show what a suite would do, skip and cost.")
@click.argument("suite", shell_complete=suites)
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
    from genbench.cli.matrix import plan_lines
    from genbench.cli.tables import print_json, print_table
    from genbench.core.inert import inert
    from genbench.run.forecast import forecast, in_all
    from genbench.run.overlooked import overlooked
    from genbench.run.plan import make_plan

    plan = make_plan(_load(suite, overrides, None))
    costs = forecast(plan)
    if as_json:
        print_json({"cells": _records(plan), "forecast": [{**vars(cost), "words": cost.words} for cost in costs]})
        return
    click.echo("\n".join(plan_lines(plan)))
    click.echo()
    print_table(
        ["#", "model", "family", "data", "made before?", "estimate"],
        [
            [number, model.name, model.entry.id, model.data, "kept: no work" if cost.kept else "to be made", cost.words]
            for number, (model, cost) in enumerate(zip(plan.models, costs, strict=True), 1)
        ],
    )
    click.echo(f"\nIn all: {in_all(costs)}.")
    for note in overlooked(plan):
        click.echo(inert(f"note: {note}"))


def _load(suite: str, overrides: tuple[str, ...], country: str | None) -> Suite:
    from genbench.run.suite import Suite

    changes = [*overrides, *([f"meters.country={country}"] if country else [])]
    return Suite.load(suite, overrides=changes)


def _records(plan: Plan) -> list[dict[str, object]]:
    return [
        {
            "model": cell.model.name,
            "probe": cell.probe.id,
            "lens": cell.lens.id if cell.lens else None,
            "n": cell.n,
            "benchmark": cell.benchmark,
            "settings": dict(cell.settings),
            "will_run": cell.because is None,
            "because": cell.because,
        }
        for cell in plan.cells
    ]
