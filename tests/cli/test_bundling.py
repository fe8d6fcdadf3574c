"""Options that go together come as one value, and the command is still click's own."""

from dataclasses import dataclass

import click
from click.testing import CliRunner

from genbench.cli.bundling import bundled


@dataclass(frozen=True)
class How:
    loud: bool
    times: int

    def __post_init__(self) -> None:
        if self.times > 3:
            raise click.UsageError("not so often")


@click.command()
@click.argument("word")
@click.option("--loud", is_flag=True, help="In capitals.")
@click.option("--times", default=1)
@bundled(How)
def say(word: str, how: How) -> None:
    """Say WORD."""
    click.echo(" ".join([word.upper() if how.loud else word] * how.times))


def test_options_come_as_one_value_and_arguments_as_they_are():
    assert CliRunner().invoke(say, ["hi", "--loud", "--times", "2"]).output == "HI HI\n"
    assert CliRunner().invoke(say, ["hi"]).output == "hi\n"


def test_help_and_mistakes_are_those_of_the_command():
    told = CliRunner().invoke(say, ["--help"]).output
    assert "Say WORD." in told
    assert "In capitals." in told
    wrong = CliRunner().invoke(say, ["hi", "--times", "4"])
    assert wrong.exit_code == 2
    assert "Usage: say" in wrong.output
    assert "not so often" in wrong.output
