"""`worktrain session resume`: have a run that rests go on."""

import sys

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import short_id, standing
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_engine.engine import open_engine
from workrail_engine.reader import open_reader
from workrail_engine.system import SystemClock


@click.command(
    "resume",
    epilog="""\b
Examples:
  worktrain session resume sess_q3kd
  worktrain session resume last --json

A run that waits for something which is not there yet looks for it, and rests again. A wish to pause
that was not heeded yet is taken back. A run that is over is begun again with `retry`. Exits with 1
when it is over.
""",
)
@session_argument
@json_option
def resume(*, session_id: str, as_json: bool) -> None:
    """Have a run that rests go on."""
    with open_reader() as reader:
        view = chosen_run(reader, session_id)
    with open_engine() as engine:
        engine.runs.wake(view.session_id)
        after = engine.runs.view(view.session_id) or view
    if as_json:
        print_json(run_json(after, None))
    else:
        say((short_id(after.session_id), "bold"), f"  {standing(after, SystemClock().now())}")
    if after.state == "ended":
        remark(f"It is over. `worktrain session retry {short_id(after.session_id)}` takes it up.")
        sys.exit(1)
