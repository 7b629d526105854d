"""`worktrain session`: how did runs go, and what is to become of them?"""

import click

from workrail_daemon.commands.session_events import session_events
from workrail_daemon.commands.session_kill import kill
from workrail_daemon.commands.session_list import list_runs
from workrail_daemon.commands.session_pause import pause
from workrail_daemon.commands.session_raise import raise_limits
from workrail_daemon.commands.session_resume import resume
from workrail_daemon.commands.session_retry import retry
from workrail_daemon.commands.session_show import show
from workrail_daemon.commands.session_steer import steer


@click.group(
    commands=[
        list_runs,
        show,
        session_events,
        kill,
        pause,
        resume,
        retry,
        raise_limits,
        steer,
    ],
    epilog="""\b
Examples:
  worktrain session list --state parked
  worktrain session show last
  worktrain session raise sess_q3kd --usd 5

What is wanted of a run is written to the store: whoever works on it hears of it within a second or
two, and without a daemon it is done at once or counts from the next start. ID is an id, a beginning
of one that no other session has, or the word last.
""",
)
def session() -> None:
    """Look at runs, and steer them."""
