"""`worktrain daemon`: work on sessions, stop that, or ask how it does."""

import click

from workrail_daemon.commands.daemon_run import run
from workrail_daemon.commands.daemon_status import status
from workrail_daemon.commands.daemon_stop import stop


@click.group(
    invoke_without_command=True,
    commands=[run, status, stop],
    epilog="""\b
Examples:
  worktrain daemon                 work on what is ordered, in the foreground
  worktrain daemon status          does it run, and does all it needs work?
  worktrain daemon stop

`worktrain daemon` alone is `worktrain daemon run`. There is one daemon for each home folder.
""",
)
@click.pass_context
def daemon(context: click.Context) -> None:
    """Work on sessions, in the foreground; or stop that, or ask how it goes."""
    if context.invoked_subcommand is None:
        context.invoke(run)
