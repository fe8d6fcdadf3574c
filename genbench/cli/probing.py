"""`genbench probe-endpoint`: what a served model can be trusted with, before anything is scored through it."""

from __future__ import annotations

import sys

import click

USES = ("scoring", "sampling", "dialogue")


@click.command("probe-endpoint", short_help="Say what an OpenAI-compatible server can be trusted with.")
@click.argument("url")
@click.option("--model", default="", metavar="NAME", help="As the server names it. Default: the only one it lists.")
@click.option("--need", "needs", multiple=True, type=click.Choice(USES), help="Exit by the checks of this use alone.")
@click.option("--key-from", default="OPENAI_API_KEY", metavar="VARIABLE", help="Environment variable with the key.")
@click.option("--seconds", default=60.0, metavar="S", help="Patience with each request, its retries included.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def probe_endpoint_command(
    url: str, model: str, needs: tuple[str, ...], key_from: str, seconds: float, as_json: bool
) -> None:
    """Ask the OpenAI-compatible server at URL about thirty short questions whose answers are known, and say of each
    whether it was honoured, ignored, answered wrong, or cannot be told.

    A run does the same before it uses an endpoint, and skips what the endpoint cannot be trusted with.

    \b
    Exit codes: 0 all honoured · 1 something ignored or wrong · 3 something cannot be told · 4 no answer at all
    \b
    Examples:
      genbench probe-endpoint http://localhost:8000/v1
      genbench probe-endpoint https://api.openai.com/v1 --model NAME --need dialogue
      genbench probe-endpoint http://localhost:8080 --json
    """
    from genbench.cli.tables import print_json, print_table
    from genbench.models._endpoint_client import GaveUp
    from genbench.models._endpoint_trust import USES as RESTS_ON
    from genbench.models._endpoint_trust import worst
    from genbench.models.endpoint import Endpoint

    endpoint = Endpoint(url=url, model=model, key_from=key_from, seconds_each=seconds, seconds_in_all=seconds)
    try:
        trust = endpoint.trust
    except GaveUp as error:
        from genbench.core.errors import RunBroken

        raise RunBroken(str(error)) from error
    wanted = {name for need in needs for name in RESTS_ON[need]}
    checks = [check for check in trust.checks if not needs or check.name in wanted]
    if as_json:
        print_json({**trust.plain(), "spent": dict(endpoint.spent()), "exit_code": worst(checks)})
    else:
        print_table(["check", "verdict", "seen"], [[c.name, c.verdict, c.seen] for c in trust.checks],
                    title=f"{trust.model} at {trust.url}")  # fmt: skip
        click.echo("")
        print_table(["use", "trusted?"], [[use, trust.lacking(use) or "yes"] for use in RESTS_ON])
        click.echo(f"\n{endpoint.spending.in_words()}")
    sys.exit(worst(checks))
