"""The command line. Modules here import the heavy parts inside their commands, so `--help` answers at once."""

from __future__ import annotations

import gc
import sys

import click

from genbench.core.errors import GenBenchError, RunBroken
from genbench.core.version import __version__

COMMANDS = {
    "run": "running",
    "plan": "running",
    "report": "reading",
    "compare": "reading",
    "detectors": "hearing",
    "gate": "reading",
    "history": "reading",
    "reindex": "reading",
    "export": "reading",
    "stats": "gathering",
    "selftest": "selftesting",
    "list": "looking",
    "show": "looking",
    "data": "needing",
    "schema": "looking",
    "doctor": "looking",
    "probe-endpoint": "probing",
    "completion": "completing",
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
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from genbench.core.errors import suggestion

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"no command is named {args[0]!r}{suggestion(args[0], ORDER)}")
        return super().resolve_command(ctx, args)


EPILOG = """\b
Exit codes:
  0 done, or the gates pass    1 a gate fails         2 a mistake of yours
  3 the gates cannot tell      4 something broke    130 interrupted
\b
Completion by Tab:  eval "$(genbench completion bash)"  (or zsh, fish)
"""


@click.group(
    cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="genbench")
def genbench() -> None:
    """Would you ship it? GenBench trains or loads generative models, scores them on quality,
    memorization, robustness, bias, misuse and energy, and says how sure it is of every number.

    \b
    First steps:
      genbench run quickstart          train and score small models, offline
      genbench report latest           compile the run into one HTML page
      genbench plan my.yaml            what would run, what not and why
      genbench show quality.frechet    what a score means and where it comes from
    """


def main() -> None:
    """Runs the command line: 2 on a mistake of the user's, 4 where a run or GenBench broke, 130 on an interrupt."""
    try:
        sys.exit(genbench.main(prog_name="genbench", complete_var="_GENBENCH_COMPLETE", standalone_mode=False) or 0)
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
    except Exception as error:
        sys.exit(_unforeseen(error))
    finally:
        gc.freeze()  # what ends with the process is not searched for circles first, which took a short run's fifth


def _unforeseen(error: Exception) -> int:
    """Tells of an error nobody raised on purpose: a file that cannot be used is the user's (2), the rest ours (4).

    Python's own exit code for it would be 1, which a gate's "fail" must not share.
    """
    import traceback

    from genbench.core.inert import inert

    if isinstance(error, OSError) and error.filename is not None:
        click.echo(f"genbench: {inert(str(error.filename))}: {error.strerror}", err=True)
        return 2
    click.echo(inert("".join(traceback.format_exception(error))), err=True)
    click.echo("genbench: this is a fault of GenBench; please report it with the lines above", err=True)
    return RunBroken.exit_code
