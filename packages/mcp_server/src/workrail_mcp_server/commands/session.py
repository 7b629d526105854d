"""`workrail session`: what do the recorded sessions say, and are they whole?"""

import click

from workrail_mcp_server.commands.session_export import export_session
from workrail_mcp_server.commands.session_fork import fork_session
from workrail_mcp_server.commands.session_list import list_sessions
from workrail_mcp_server.commands.session_repair import repair_session
from workrail_mcp_server.commands.session_show import show_session
from workrail_mcp_server.commands.session_snapshots import session_snapshots
from workrail_mcp_server.commands.session_verify import verify_sessions


@click.group(
    commands=[
        list_sessions,
        show_session,
        export_session,
        verify_sessions,
        repair_session,
        fork_session,
        session_snapshots,
    ],
    epilog="""\b
Examples:
  workrail session list --status blocked
  workrail session show sess_q3kd
  workrail session verify --all

All but fork, repair and snapshots --prune only read, and everything works while agents are at work.
A session may be named by the beginning of its id, at least 8 characters.
""",
)
def session() -> None:
    """Look at recorded sessions."""
