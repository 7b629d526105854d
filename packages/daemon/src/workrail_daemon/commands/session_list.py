"""`worktrain session list`: which runs are there?"""

from typing import get_args

import click

from workrail_daemon.commands.looking import Lookout
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import run_line
from workrail_daemon.commands.terminal import page, print_json, remark
from workrail_engine.projections.runs import RunState
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations


@click.command(
    "list",
    epilog="""\b
Examples:
  worktrain session list
  worktrain session list --state ended --limit 100 --json

The run that was ordered last comes first. `workrail session list` shows every session, also those
that a person's agent drives.
""",
)
@click.option("--state", type=click.Choice(get_args(RunState)), help="Only runs that stand so.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many."
)
@json_option
def list_runs(*, state: RunState | None, limit: int, as_json: bool) -> None:
    """List runs, the newest orders first."""
    with open_reader() as reader:
        lookout = Lookout(reader, Locations.from_environment())
        there = lookout.there
        states = () if state is None else (state,)
        views = reader.runs.views(*states, most=limit + 1)
        runs = [lookout.at(view, there) for view in views[:limit]]
    more = len(views) > limit
    if as_json:
        told = [{**run_json(run.view, run.summary), "attended": run.attended} for run in runs]
        print_json({"runs": told, "more": more})
        return
    for run in runs:
        page().print(run_line(run.view, run.summary, run.at, attended=run.attended))
    if not runs:
        remark("No run fits, or none was ordered yet. `worktrain spawn` orders one.")
    elif more:
        remark(f"Shown: the newest {limit}; --limit shows more.")
