"""`worktrain session steer`: say something to one run."""

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.run_lines import short_id
from workrail_daemon.commands.saying import say_to
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_engine.engine import open_engine
from workrail_engine.reader import open_reader


@click.command(
    "steer",
    epilog="""\b
Examples:
  worktrain session steer sess_q3kd "Leave the old API as it is."

The agent hears it before its next turn, as words of its operator. A run that waits for an answer
goes on with it. The same as `worktrain tell --session ID TEXT`.
""",
)
@session_argument
@click.argument("text")
@json_option
def steer(*, session_id: str, text: str, as_json: bool) -> None:
    """Say something to a run."""
    with open_reader() as reader:
        view = chosen_run(reader, session_id)
    if view.state == "ended":
        name = short_id(view.session_id)
        message = f"{name} is over and hears nothing. `worktrain session retry {name}` takes it up."
        raise click.ClickException(message)
    with open_engine() as engine:
        number = say_to(engine, view, text)
    if as_json:
        print_json({"sent": [{"sessionId": view.session_id, "message": number}]})
    else:
        say((short_id(view.session_id), "bold"), "  hears it before its next turn")
        if view.state == "parked" and view.rest not in {"operator", "child", "rate_limit"}:
            remark("It rests; `worktrain session resume` has it go on.")
