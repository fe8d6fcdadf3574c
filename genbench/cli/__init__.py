"""The command line. Modules here import the heavy parts inside their commands, so `--help` answers at once."""

from __future__ import annotations

import sys

import click

from genbench.core.errors import GenBenchError
from genbench.core.version import __version__

COMMANDS = {
    "run": "running",
    "plan": "running",
    "report": "reading",
    "compare": "reading",
    "gate": "reading",
    "history": "reading",
    "reindex": "reading",
    "export": "reading",
    "list": "looking",
    "show": "looking",
    "schema": "looking",
    "doctor": "looking",
}
ORDER = tuple(COMMANDS)


class LazyGroup(click.Group):
    """Imports a command's module when that command is named, and lists commands in the order one uses them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ORDER)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        import importlib

        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"genbench.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from genbench.core.errors import suggestion

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"no command is named {args[0]!r}{suggestion(args[0], ORDER)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="genbench")
def genbench() -> None:
    """Would you ship it? GenBench trains or loads generative models, scores them on quality,
    memorization, robustness, bias, misuse and energy, and says how sure it is of every number.

    \b
    First steps:
      genbench run quickstart          train and score six small models, offline
      genbench report latest           compile the run into one HTML page
      genbench plan my.yaml            what would run, what not and why
      genbench show quality.frechet    what a score means and where it comes from
    """


def main() -> None:
    """Runs the command line: 2 on a mistake of the user's, 4 where a run broke, 130 on an interrupt."""
    try:
        genbench.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except GenBenchError as error:
        from genbench.core.inert import inert

        click.echo(f"genbench: {inert(str(error))}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
