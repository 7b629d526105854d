"""`worktrain session pause`: have a run rest until it is resumed."""

import sys

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import short_id, standing
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_daemon.commands.wishing import when_heeded
from workrail_engine.engine import open_engine
from workrail_engine.reader import open_reader
from workrail_engine.system import SystemClock


@click.command(
    "pause",
    epilog="""\b
Examples:
  worktrain session pause sess_q3kd
  worktrain session resume sess_q3kd

A run that works is parked after its present turn or tool is ended; its slot is free for others.
Exits with 1 when the run is over, or is not parked within 3 seconds.
""",
)
@session_argument
@json_option
def pause(*, session_id: str, as_json: bool) -> None:
    """Have a run rest until it is resumed."""
    with open_reader() as reader:
        view = chosen_run(reader, session_id)
    with open_engine() as engine:
        engine.runs.wish(view.session_id, "pause")
        after = when_heeded(engine, view, "parked")
    if as_json:
        print_json(run_json(after, None))
    else:
        say((short_id(after.session_id), "bold"), f"  {standing(after, SystemClock().now())}")
    if after.state == "ended":
        remark("It is over, so there is nothing to pause.")
    elif after.state != "parked":
        remark("It was told to, and rests as soon as its worker hears of it.")
    sys.exit(0 if after.state == "parked" else 1)
