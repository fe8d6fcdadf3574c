"""`genbench list`, `show`, `schema` and `doctor`: looking around without running anything."""

from __future__ import annotations

import click

PLURALS = {"models": "model", "probes": "probe", "lenses": "lens", "data": "data"}


@click.command("list")
@click.argument("what", type=click.Choice([*PLURALS, "suites"]))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_command(what: str, as_json: bool) -> None:
    """List what there is: models, probes, lenses, data or suites.

    \b
    Examples:
      genbench list probes
      genbench list models --json
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.core.catalogue import catalogue

    if what == "suites":
        from genbench.run.suite import shipped_suites

        rows = [{"id": name, "path": str(path)} for name, path in shipped_suites().items()]
    else:
        entries = catalogue(PLURALS[what]).values()
        rows = [{"id": e.id, "modality": e.modality, "summary": e.summary, "from": e.provider} for e in entries]
        if what == "probes":
            rows = [{k: v for k, v in row.items() if k != "modality"} for row in rows]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


@click.command("show")
@click.argument("name")
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
    from genbench.run.describe import describe, in_words

    shelves = {kind: catalogue(kind) for kind in SHELVES}
    found = [entries[name] for entries in shelves.values() if name in entries]
    if not found:
        raise UnknownName("probe, model, lens or data source", name, [id for e in shelves.values() for id in e])
    for entry in found:
        description = describe(entry)
        if as_json:
            print_json(description)
        else:
            click.echo(in_words(entry, description))


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of suite files, for editors that complete and check YAML.

    \b
    Example:
      genbench schema > genbench.schema.json
    Then begin a suite with:
      # yaml-language-server: $schema=genbench.schema.json
    """
    from genbench.cli.tables import print_json
    from genbench.run.schema import suite_schema

    print_json(suite_schema())


@click.command("doctor")
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
