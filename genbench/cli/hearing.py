"""`genbench detectors`: does a detector of one model's outputs know another's?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from genbench.cli.completing import runs
from genbench.cli.reading import RUN

if TYPE_CHECKING:
    from genbench.report.detectors import Table


@click.command("detectors", epilog=RUN, short_help="Ask each model's detector about the other models.")
@click.argument("run", default="latest", shell_complete=runs)
@click.option("--lens", metavar="ID", help="Only what was seen through this lens, such as image.spectrum.")
@click.option(
    "--by", type=click.Choice(["features", "likelihood", "rank"]), default="features", show_default=True,
    help="What detectors go by: a lens, or the likelihood or token ranks that each model gives.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Ask models anew by likelihood or rank, as when something failed before.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def detectors_command(run: str, lens: str | None, by: str, again: bool, as_json: bool) -> None:
    """Show what each model's detector (rows) makes of each model's outputs (columns): the AUC and its interval.

    The table of features is made at the end of a run in which `misuse.detectability` scored two models or more through
    one lens, and so is that of raw items, by `misuse.detectability_raw`.

    With --by likelihood or rank each model scores the outputs of all others, cut to one length, beside real items. As
    this is k x k scorings for k models, it is done when first asked for: the run's models are loaded once more, and the
    table is kept with the run and shown in its report from then on.

    \b
    Examples:
      genbench detectors
      genbench detectors latest --lens image.spectrum --json
      genbench detectors latest --by likelihood
    """
    from genbench.cli.tables import print_json, print_table

    if by != "features" and lens is not None:
        raise click.UsageError(f"--lens goes with --by features; by {by} no lens looks at anything")
    tables = _tables(run, by, lens, again)
    if as_json:
        print_json([dict(table.plain) for table in tables])
        return
    for at, table in enumerate(tables):
        print_table(table.columns, table.lines, title=f"{chr(10) if at else ''}AUC, {table.place}")
        click.echo("\n" + "\n".join([*(row.words for row in table.rows), *filter(None, [table.made])]))


def _tables(name: str, by: str, lens: str | None, again: bool) -> list[Table]:
    """The run's tables of that kind, made where none is kept and models can be asked."""
    from genbench.core.errors import ResultsError, suggestion
    from genbench.report.cast import cast
    from genbench.report.detectors import detectors
    from genbench.results.run import Run
    from genbench.run.home import Home

    home = Home.here()
    loaded = Run.load(home.find(name))

    def kept() -> list[Table]:
        return [table for table in detectors(loaded, cast(loaded)) if table.by == by]

    tables = kept()
    if by != "features" and (again or not tables):
        from genbench.run.tellers import tell_across
        from genbench.run.voice import Voice

        tell_across(loaded, "rank" if by == "rank" else "likelihood", home, Voice())
        tables = kept()
    if not tables:
        raise ResultsError(
            f"{loaded.path} holds no table of detectors: one is made when a run ends in which misuse.detectability "
            "or misuse.detectability_raw scored two models or more through one lens; `genbench run SUITE --resume` "
            "makes it for an earlier run"
        )
    wanted = [table for table in tables if lens in (None, table.lens)]
    if not wanted:
        known = [table.lens for table in tables]
        raise ResultsError(f"{loaded.path} holds no table of detectors through {lens!r}{suggestion(lens or '', known)}")
    return wanted
