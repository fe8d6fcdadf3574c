"""`genbench data`: which benchmark files there are to fetch, from where, and whether they are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from genbench.core.catalogue import Entry

WORDS = {True: "yes", False: "no"}


@click.command("data", short_help="List benchmark files to fetch, and where from.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def data_command(sources: tuple[str, ...], as_json: bool) -> None:
    """List the published files that data sources read: address, licence, SHA-256, and where suites expect them.

    Nothing is fetched: a benchmark's licence is yours to accept. A path counts from where you are, else from the
    folder that GENBENCH_DATA names: put each file where `expected at` says below it, and suites find them all.

    \b
    Examples:
      genbench data
      genbench data bbq
      genbench run bias-full --set data.bbq.path=FOLDER
      GENBENCH_DATA=~/benchmarks genbench run llm-audit --set models.0.hf=MODEL
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.core.catalogue import catalogue
    from genbench.core.errors import UnknownName

    published = {id: entry for id, entry in catalogue("data").items() if "published" in entry.keywords}
    if unknown := [name for name in sources if name not in published]:
        raise UnknownName("data source with published files", unknown[0], published)
    chosen = {id: entry for id, entry in published.items() if not sources or id in sources}
    places = list(_expected())
    told = [_told(entry, [place for place in places if place["source"] == id]) for id, entry in chosen.items()]
    if as_json:
        print_json(told)
        return
    print_table(
        ["source", "licence", "published at", "files"],
        [[t["source"], t["licence"], t["url"], len(t["files"])] for t in told],
        title="What is published",
    )
    click.echo()
    print_table(
        ["source", "suite", "setting", "expected at", "here?"],
        [
            [p["source"], p["suite"], f"--set data.{p['name']}.path=", p["path"], WORDS[p["here"]]]
            for t in told
            for p in t["expected"]
        ],
        title="Where suites expect it",
    )
    if sources:
        click.echo()
        print_table(
            ["source", "file", "SHA-256"],
            [[t["source"], name, digest or "not known here"] for t in told for name, digest in t["files"].items()],
            title="Files as published",
        )


def _told(entry: Entry, places: list[dict[str, Any]]) -> dict[str, Any]:
    spec = entry.load().__genbench__
    return {
        "source": entry.id,
        "licence": spec.licence,
        "url": spec.url,
        "modality": spec.modality,
        "files": dict(spec.published),
        "expected": places,
    }


def _expected() -> Iterator[dict[str, Any]]:
    """Each dataset of a shipped suite that has a path: where it is looked for, and whether something is there."""
    from genbench.run.shipped import shipped_suites
    from genbench.run.yaml_source import read_yaml

    for suite, file in shipped_suites().items():
        value = read_yaml(str(file), file.read_bytes()).value
        held: Mapping[str, Any] = value.get("data", {}) if isinstance(value, dict) else {}
        for name, request in held.items():
            path = request.get("path") if isinstance(request, dict) else None
            if isinstance(path, str) and "source" in request:
                yield {
                    "source": request["source"],
                    "suite": suite,
                    "name": name,
                    "path": path,
                    "here": _here(file.parent, path),
                }


def _here(folder: Path, path: str) -> bool:
    """As a run would look."""
    from genbench.run.home import found_at

    return bool(found_at(path, folder))
