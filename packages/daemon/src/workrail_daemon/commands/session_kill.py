"""`worktrain session kill`: end a run for good."""

import sys

import click

from workrail_daemon.commands.chosen import chosen_runs
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import short_id, standing
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_daemon.commands.wishing import when_heeded
from workrail_engine.engine import open_engine
from workrail_engine.projections.runs import RunView
from workrail_engine.reader import open_reader
from workrail_engine.system import SystemClock


@click.command(
    "kill",
    epilog="""\b
Examples:
  worktrain session kill sess_q3kd
  worktrain session kill last --json

What it uses at the moment is ended, and so are the sessions it spawned. What was recorded stays.
Exits with 1 when a run had ended before, or is not over within 3 seconds.
""",
)
@click.argument("session_ids", metavar="ID...", nargs=-1, required=True)
@json_option
def kill(*, session_ids: tuple[str, ...], as_json: bool) -> None:
    """Cancel runs: they end, and so do those they spawned."""
    with open_reader() as reader:
        views = chosen_runs(reader, session_ids)
    ended: list[RunView] = []
    with open_engine() as engine:
        for view in views:
            engine.runs.wish(view.session_id, "cancel")
        ended = [when_heeded(engine, view, "ended") for view in views]
    if as_json:
        print_json({"runs": [run_json(view, None) for view in ended]})
    for before, after in zip(views, ended, strict=True):
        if not as_json:
            say((short_id(after.session_id), "bold"), f"  {standing(after, SystemClock().now())}")
        if before.state == "ended":
            remark("It was over before; nothing was done.")
        elif after.state != "ended":
            remark("It was told to, and ends as soon as its worker, or the next one, hears of it.")
    over = all(view.state == "ended" for view in ended)
    sys.exit(0 if over and all(view.state != "ended" for view in views) else 1)
