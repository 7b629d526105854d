"""`worktrain await`: what came of some runs?"""

import sys

import click

from workrail_daemon.commands.awaited_lines import print_awaited, told
from workrail_daemon.commands.chosen import chosen_runs
from workrail_daemon.commands.looking import Lookout
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.results import result_json
from workrail_daemon.commands.terminal import print_json
from workrail_daemon.commands.waiting import Until, wait_for
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations


@click.command(
    "await",
    epilog="""\b
Examples:
  worktrain await last
  worktrain await sess_q3kd sess_7fa2 --any --timeout 600
  worktrain spawn wr.bug-investigation --goal "Why?" | worktrain await --json | jq .runs[0].notes

Without an ID, ids are read from stdin: one from each line.

Exit codes: 0 what was waited for ended as completed; 1 a run ended otherwise, or there is no such
run; 2 the call or the store is at fault; 3 the time was over; 4 nobody works on a run: no daemon
has been there for 4 seconds. What is known by then is printed in every case.
""",
)
@click.argument("session_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "until", flag_value="all", default=True, help="Until all ended (default).")
@click.option("--any", "until", flag_value="any", help="Until one of them ended.")
@click.option(
    "--first-failure",
    "until",
    flag_value="first-failure",
    help="Until all ended, or one ended without being completed.",
)
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="At most so long.")
@json_option
def await_runs(
    *, session_ids: tuple[str, ...], until: Until, timeout: float | None, as_json: bool
) -> None:
    """Wait for sessions and say what came of them."""
    with open_reader() as reader:
        lookout = Lookout(reader, Locations.from_environment())
        asked = session_ids or _from_stdin()
        runs = [lookout.at(view) for view in chosen_runs(reader, asked)]
        awaited = wait_for(lookout, runs, until, timeout, told)
        if as_json:
            print_json(
                {
                    "came": awaited.came.name.lower(),
                    "runs": [result_json(reader, run) for run in awaited.runs],
                }
            )
        else:
            print_awaited(reader, awaited)
    sys.exit(awaited.came)


def _from_stdin() -> tuple[str, ...]:
    """The first word of each line of stdin, where that is no terminal."""
    lines = () if sys.stdin.isatty() else sys.stdin.read().splitlines()
    ids = tuple(line.split()[0] for line in lines if line.strip())
    if not ids:
        message = "Name what to wait for: ids of sessions, or last."
        raise click.UsageError(message)
    return ids
