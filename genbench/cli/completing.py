"""Completion by Tab: the script a shell reads, and what can stand for a suite, a run or a name of the catalogue."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

VARIABLE = "_GENBENCH_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the script that lets a shell complete commands.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print the script by which SHELL completes commands, options, suites, runs and names.

    \b
    Examples:
      eval "$(genbench completion bash)"                                 # in ~/.bashrc
      eval "$(genbench completion zsh)"                                  # in ~/.zshrc
      genbench completion fish > ~/.config/fish/completions/genbench.fish
    """
    from genbench.cli import genbench

    form = get_completion_class(shell)
    assert form is not None  # click knows the three
    made = form(genbench, {}, "genbench", VARIABLE)
    click.echo(made.source_template % made.source_vars())  # as made.source() does, which would also start a bash


def suites(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A shipped suite's name, or a file."""
    from genbench.run.shipped import shipped_suites

    shipped = [CompletionItem(name) for name in shipped_suites() if name.startswith(incomplete)]
    return [*shipped, CompletionItem(incomplete, type="file")]


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`latest`, a run of this folder, or any folder."""
    from genbench.run.home import Home

    known = ["latest", *(path.name for path in reversed(Home.here().known()))]
    named = [CompletionItem(name) for name in known if name.startswith(incomplete)]
    return [*named, CompletionItem(incomplete, type="dir")]


def entries(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A probe, model family, lens or data source."""
    from genbench.core.catalogue import SHELVES, catalogue

    known = [entry for kind in SHELVES for entry in catalogue(kind).values()]
    return [CompletionItem(e.id, help=e.summary) for e in known if e.id.startswith(incomplete)]
