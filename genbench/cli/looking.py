"""`genbench list`, `show`, `schema` and `doctor`: looking around without running anything."""

from __future__ import annotations

import click

from genbench.cli.completing import entries

PLURALS = {"models": "model", "probes": "probe", "lenses": "lens", "data": "data", "plants": "plant"}


@click.command("list", short_help="List models, probes, lenses, data, plants or suites.")
@click.argument("what", type=click.Choice([*PLURALS, "suites"]))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_command(what: str, as_json: bool) -> None:
    """List what there is: models, probes, lenses, data, the selftest's plants or suites.

    \b
    Examples:
      genbench list probes
      genbench list models --json
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.core.catalogue import catalogue

    if what == "suites":
        from genbench.run.shipped import shipped_suites

        rows = [{"id": name, "path": str(path)} for name, path in shipped_suites().items()]
    else:
        held = catalogue(PLURALS[what]).values()
        rows = [{"id": e.id, "modality": e.modality, "summary": e.summary, "from": e.provider} for e in held]
        dull = {"modality"} if what in ("probes", "plants") else set()
        if not as_json and {row["from"] for row in rows} == {"genbench"}:
            dull.add("from")  # worth a column where someone else's stand beside ours
        rows = [{k: v for k, v in row.items() if k not in dull} for row in rows]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


@click.command("show", short_help="Explain a probe, model family, lens or data source.")
@click.argument("name", shell_complete=entries)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show_command(name: str, as_json: bool) -> None:
    """Explain one probe, model family, lens or data source: what it is, its settings and its papers.

    \b
    Examples:
      genbench show quality.frechet
      genbench show vae
      genbench show image.classifier
    """
    from genbench.cli.tables import print_json
    from genbench.core.catalogue import SHELVES, catalogue
    from genbench.core.errors import UnknownName
    from genbench.core.inert import inert
    from genbench.run.describe import describe, in_words

    shelves = {kind: catalogue(kind) for kind in SHELVES}
    found = [shelf[name] for shelf in shelves.values() if name in shelf]
    if not found:
        raise UnknownName("probe, model, lens or data source", name, [id for e in shelves.values() for id in e])
    told = [describe(entry) for entry in found]
    if as_json:
        print_json(told[0] if len(told) == 1 else told)
    else:
        click.echo("\n".join(inert(in_words(entry, what)) for entry, what in zip(found, told, strict=True)))


@click.command("schema", short_help="Print the JSON Schema of suites, for editors.")
@click.option("--shape", is_flag=True, help="Only the shape, without the names that this installation knows.")
def schema_command(shape: bool) -> None:
    """Print the JSON Schema of suite files, for editors that complete and check YAML.

    \b
    Example:
      genbench schema > genbench.schema.json
    Then begin a suite beside it with:
      # yaml-language-server: $schema=./genbench.schema.json
    """
    from genbench.cli.tables import print_json
    from genbench.run.schema import suite_schema

    print_json(suite_schema(names=not shape))


@click.command("doctor", short_help="Say what this machine offers.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def doctor_command(as_json: bool) -> None:
    """Say what this machine offers: devices, dtypes, energy meters and optional extras.

    \b
    Example:
      genbench doctor
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.run.doctor import examine

    findings = examine()
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        print_table(["what", "here?", "detail"], [[f.what, "yes" if f.here else "no", f.detail] for f in findings])
