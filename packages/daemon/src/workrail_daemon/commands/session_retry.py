"""`worktrain session retry`: take a run up again that ended without being completed."""

import sys

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import short_id, standing
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_engine.engine import open_engine
from workrail_engine.projections.runs import RunOrder, RunView
from workrail_engine.reader import open_reader
from workrail_engine.system import SystemClock


@click.command(
    "retry",
    epilog="""\b
Examples:
  worktrain session retry sess_q3kd
  worktrain session raise sess_q3kd --turns 50 && worktrain session retry sess_q3kd

The run goes on from its last recorded point, with the same options; nothing that was done is done
again. Exits with 1 when it was completed, or is not over.
""",
)
@session_argument
@json_option
def retry(*, session_id: str, as_json: bool) -> None:
    """Take a run up again that ended without being completed."""
    with open_reader() as reader:
        view = chosen_run(reader, session_id)
    refused = _refused(view)
    if refused is not None:
        raise click.ClickException(refused)
    with open_engine() as engine:
        engine.runs.order(
            RunOrder(
                session_id=view.session_id,
                priority=view.priority,
                lane=view.lane,
                parent=view.parent,
                depth=view.depth,
                options=view.options,
            )
        )
        after = engine.runs.view(view.session_id) or view
    if as_json:
        print_json(run_json(after, None))
    else:
        say((short_id(after.session_id), "bold"), f"  {standing(after, SystemClock().now())}")
    if after.state == "ended":
        remark("It ended at once; `worktrain session show` says why.")
        sys.exit(1)


def _refused(view: RunView) -> str | None:
    """Why a run is not taken up again; None: it is."""
    name = short_id(view.session_id)
    if view.state == "parked":
        return f"{name} is not over, it rests. `worktrain session resume {name}` has it go on."
    if view.state != "ended":
        return f"{name} is not over: it is {view.state}. `worktrain status {name}` shows it."
    if view.outcome == "completed":
        return f"{name} was completed; there is nothing left to do. `worktrain spawn` starts anew."
    return None
