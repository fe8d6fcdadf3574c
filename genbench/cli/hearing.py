"""`genbench detectors`: does a detector trained on one model's outputs know another's?"""

from __future__ import annotations

import click

from genbench.cli.completing import runs
from genbench.cli.reading import RUN


@click.command("detectors", epilog=RUN, short_help="Ask each model's detector about the other models.")
@click.argument("run", default="latest", shell_complete=runs)
@click.option("--lens", metavar="ID", help="Only what was seen through this lens, such as image.spectrum.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def detectors_command(run: str, lens: str | None, as_json: bool) -> None:
    """Show what detectors trained on each model (rows) make of each model's outputs (columns): the AUC, its interval.

    The table is made at the end of a run in which `misuse.detectability` scored two models or more through one lens.

    \b
    Examples:
      genbench detectors
      genbench detectors latest --lens image.spectrum --json
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.core.errors import ResultsError, suggestion
    from genbench.report.cast import cast
    from genbench.report.detectors import detectors
    from genbench.results.run import Run
    from genbench.run.home import Home

    loaded = Run.load(Home.here().find(run))
    tables = detectors(loaded, cast(loaded))
    if not tables:
        raise ResultsError(
            f"{loaded.path} holds no table of detectors: one is made when a run ends in which misuse.detectability "
            "scored two models or more through one lens; `genbench run SUITE --resume` makes it for an earlier run"
        )
    wanted = [table for table in tables if lens in (None, table.lens)]
    if not wanted:
        known = [table.lens for table in tables]
        raise ResultsError(f"{loaded.path} holds no table of detectors through {lens!r}{suggestion(lens or '', known)}")
    if as_json:
        print_json([dict(table.plain) for table in wanted])
        return
    for at, table in enumerate(wanted):
        print_table(table.columns, table.lines, title=f"{chr(10) if at else ''}AUC, {table.place}")
        click.echo("\n" + "\n".join(row.words for row in table.rows))
