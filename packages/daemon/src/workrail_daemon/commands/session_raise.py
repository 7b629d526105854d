"""`worktrain session raise`: allow a run more."""

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import short_id
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import open_engine
from workrail_engine.reader import open_reader


@click.command(
    "raise",
    epilog="""\b
Examples:
  worktrain session raise sess_q3kd --usd 5
  worktrain session raise last --turns 50 --minutes 30

What is given comes on top of what the run was allowed. A run whose budget was spent goes on.
""",
)
@session_argument
@click.option("--usd", type=click.FloatRange(min=0, min_open=True), help="So many US dollars more.")
@click.option("--turns", type=click.IntRange(min=1), help="So many turns of the model more.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="So many minutes of work more."
)
@click.option("--tokens", type=click.IntRange(min=1), help="So many tokens more.")
@json_option
def raise_limits(
    *,
    session_id: str,
    usd: float | None,
    turns: int | None,
    minutes: float | None,
    tokens: int | None,
    as_json: bool,
) -> None:
    """Allow a run more money, turns, time or tokens."""
    asked = {"usd": usd, "turns": turns, "minutes": minutes, "tokens": tokens}
    more: JsonObject = {name: value for name, value in asked.items() if value is not None}
    if not more:
        message = "Say what is to be raised: --usd, --turns, --minutes or --tokens."
        raise click.UsageError(message)
    with open_reader() as reader:
        view = chosen_run(reader, session_id)
    with open_engine() as engine:
        number = engine.mail.send(view.session_id, "operator", {"kind": "raise", **more})
        if view.state == "parked" and view.rest == "budget":
            engine.runs.wake(view.session_id)
        after = engine.runs.view(view.session_id) or view
    if as_json:
        print_json({"message": number, "raised": more, "run": run_json(after, None)})
    else:
        say((short_id(after.session_id), "bold"), f"  allowed more: {_words(more)}")
    if after.state == "ended":
        name = short_id(after.session_id)
        remark(f"It is over. `worktrain session retry {name}` takes it up again with more.")


def _words(more: JsonObject) -> str:
    return ", ".join(f"{value} {name}" for name, value in more.items())
