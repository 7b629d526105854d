"""`worktrain daemon run`: work on sessions in the foreground."""

import os
import sys

import click

from workrail_daemon.commands.terminal import remark
from workrail_engine.system import Locations


@click.command(
    "run",
    epilog="""\b
Examples:
  worktrain daemon run
  worktrain daemon run --slots 1

SIGTERM, SIGINT (Ctrl-C) or `worktrain daemon stop` end it: runs may come to their next recorded
point, and are parked; told once more, it ends them at once. The next start goes on with them, also
after a crash. Exit codes: 0 it was stopped; 1 another daemon works here; 2 the settings or the store
are at fault.
""",
)
@click.option(
    "--slots",
    type=click.IntRange(1, 100),
    help="How many runs at a time.  [default: max_concurrent_sessions of the settings]",
)
def run(*, slots: int | None = None) -> None:
    """Work on sessions until told to stop."""
    from workrail_daemon.service.daemon import run_daemon  # noqa: PLC0415 - help needs no engine

    left = run_daemon(Locations.from_environment(), slots, remark)
    if left.runs:
        remark(f"{left.runs} did not let go in time; the next start takes them up again.")
        os._exit(0)  # their threads cannot be ended, and are not waited for
    sys.exit(0)
