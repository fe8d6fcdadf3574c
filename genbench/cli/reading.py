"""`genbench report`, `compare`, `gate`, `history`, `reindex` and `export`: reading what runs left."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genbench.cli.completing import runs

if TYPE_CHECKING:
    from genbench.results.run import Run

OUT = click.Path(dir_okay=False, path_type=Path)
RUN = "RUN is a run folder, its name, the beginning of its name, latest, or a .jsonl that `genbench export` wrote."


def in_folder(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """A file to be written, refused at once where its folder is missing and not after the work."""
    if value is not None and not value.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(value.parent)!r}")
    return value


@click.command("report", epilog=RUN, short_help="Compile a run into one HTML page that opens offline.")
@click.argument("run", default="latest", shell_complete=runs)
@click.option("-o", "--output", type=OUT, callback=in_folder, help="Default: report.html in the run folder.")
def report_command(run: str, output: Path | None) -> None:
    """Compile RUN into one HTML page that opens offline.

    \b
    Examples:
      genbench report
      genbench report quickstart-20260101-120000 -o quickstart.html
    """
    from genbench.report.html import write_report

    loaded = _load(run)
    page = output or (loaded.path.with_suffix(".html") if loaded.path.is_file() else loaded.path / "report.html")
    write_report(loaded, page)
    click.echo(str(page))


@click.command("compare", epilog=RUN, short_help="Is B better than A? Paired, corrected, honest.")
@click.argument("a", shell_complete=runs)
@click.argument("b", shell_complete=runs)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--markdown", is_flag=True, help="For a pull request.")
def compare_command(a: str, b: str, as_json: bool, markdown: bool) -> None:
    """Is B better than A? Paired where they share items, corrected for the number of questions asked.

    Answers better, worse, same within the margin, or cannot tell with the n that could.

    \b
    Examples:
      genbench compare main-20260101-120000 latest
      genbench compare runs/before runs/after --markdown
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.report.compare import compare_runs

    table = compare_runs(_load(a), _load(b))
    if as_json:
        print_json(table.to_json())
    elif markdown:
        click.echo(table.to_markdown())
    else:
        print_table(table.columns, table.rows)


@click.command("gate", epilog=RUN, short_help="Decide a run by the gates of its suite.")
@click.argument("run", default="latest", shell_complete=runs)
@click.option("--against", metavar="RUN", shell_complete=runs, help="Also fail where RUN is worse than this baseline.")
@click.option("--junit", type=OUT, callback=in_folder, help="Write JUnit XML here.")
@click.option("--summary", type=OUT, callback=in_folder, help="Append a Markdown summary here.")
@click.option("--annotations", is_flag=True, help="Print workflow annotations (::error ...).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def gate_command(
    run: str, against: str | None, junit: Path | None, summary: Path | None, annotations: bool, as_json: bool
) -> None:
    """Decide RUN by the gates of its suite. The whole interval must lie within a gate to pass it.

    Exit code: 0 pass, 1 fail, 2 usage error, 3 cannot tell, 4 the run itself broke.

    \b
    Examples:
      genbench gate latest
      genbench gate latest --against main --junit gates.xml --summary "$GITHUB_STEP_SUMMARY"
      genbench gate latest --against baseline.jsonl
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.report.gate import judge
    from genbench.report.outlets import annotation_lines, junit_xml, markdown_summary

    verdict = judge(_load(run), _load(against) if against else None)
    if junit:
        junit.write_text(junit_xml(verdict), encoding="utf-8")
    if summary:
        with summary.open("a", encoding="utf-8") as handle:
            handle.write(markdown_summary(verdict))
    if annotations:
        click.echo("\n".join(annotation_lines(verdict)))
    if as_json:
        print_json(verdict.to_json())
    else:
        print_table(["gate", "model", "result", "because"], verdict.rows)
        click.echo(f"\n{verdict.words}")
    sys.exit(verdict.exit_code)


@click.command("history", short_help="Show scores across runs, and where they changed.")
@click.option("--metric", metavar="ID", help="Such as quality.frechet.distance.")
@click.option("--model", metavar="NAME", help="With --metric: also its trend.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def history_command(metric: str | None, model: str | None, as_json: bool) -> None:
    """Show scores across the runs in .genbench/runs, oldest first.

    With --metric and --model the trend is drawn below them, and every change of level is named with the revisions and
    the weights it lies between. A change is one that chance, over all places it could be at, shows less than once in
    20 series.

    \b
    Examples:
      genbench history --metric quality.frechet.distance
      genbench history --metric energy.footprint.total --model vae
      genbench history --model vae --json
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.results.history import history
    from genbench.results.trends import trends
    from genbench.run.home import Home

    frame = history(Home.here().runs, metric=metric, model=model)
    found = trends(frame)
    if as_json:
        moved = {id(m.after): m.plain() for trend in found for m in trend.moved}
        by_row = {int(r["at"]): {**r, "change": moved.get(id(r))} for trend in found for r in trend.records}
        print_json([{k: v for k, v in by_row[at].items() if k != "at"} for at in sorted(by_row)])
    elif frame.empty:
        click.echo(f"no scores in {Home.here().runs}; run a suite first, or `genbench reindex`", err=True)
    else:
        rows = [
            [r["run"], r["model"], r["id"], r["value"], _interval(r), r["n"], r["unit"], r["state"]]
            for r in frame.to_dict(orient="records")
        ]
        print_table(["run", "model", "score", "value", "interval", "n", "unit", "state"], rows)
        if metric and model:
            from genbench.cli.trending import trend_lines

            click.echo("\n" + "\n".join(line for trend in found for line in trend_lines(trend)))
            if len(found) > 1:
                click.echo("Each line holds scores of one dataset, lens, probe and settings; lines are not compared.")


@click.command("reindex", short_help="Rebuild the history index from the run folders.")
def reindex_command() -> None:
    """Rebuild the history index from the run folders, which are the truth.

    \b
    Example:
      genbench reindex
    """
    from genbench.results.history import reindex
    from genbench.run.home import Home

    runs = Home.here().runs
    click.echo(f"{reindex(runs)} runs indexed in {runs}")


@click.command("export", epilog=RUN, short_help="Write scores, or the whole run, to one file.")
@click.argument("run", shell_complete=runs)
@click.argument("file", type=OUT, callback=in_folder)
def export_command(run: str, file: Path) -> None:
    """Write RUN's scores to FILE: .csv, .parquet or .json by its suffix.

    A .jsonl holds the whole run except its pictures and excerpts. Every command that reads a RUN reads it, so it can be
    committed as a baseline.

    \b
    Examples:
      genbench export latest scores.csv
      genbench export latest baseline.jsonl
    """
    _load(run).export(file)
    click.echo(str(file))


def _interval(record: Mapping[Hashable, Any]) -> str:
    low, high = record["low"], record["high"]
    return f"[{low:.4g}, {high:.4g}]" if low == low and low is not None else ""


def _load(run: str) -> Run:
    from genbench.results.run import Run
    from genbench.run.home import Home

    return Run.load(Home.here().find(run))
