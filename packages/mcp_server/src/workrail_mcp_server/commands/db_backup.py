"""`workrail db backup`: how does one get a copy of the store that can be trusted?"""

from pathlib import Path

import click

from workrail_engine.engine import back_up_store
from workrail_mcp_server.terminal import page, styled


@click.command(
    "backup",
    epilog="""\b
Examples:
  workrail db backup ../sessions-monday.db

Agents may go on meanwhile; the copy is of one moment. It is checked before it gets its name, and
never takes the place of a file. To restore, stop the agents and put the copy where `workrail db
status` says the store is. A store on PostgreSQL has a tool of its own for this; the message names
it, and the exit code is 2.
""",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def back_up(*, file: Path) -> None:
    """Copy the store into a new file while it is in use."""
    made = back_up_store(file.absolute())
    sessions = "1 session" if made.sessions == 1 else f"{made.sessions:,} sessions"
    page().print(
        styled((made.path, "bold"), f"  {sessions}, {made.size:,} bytes, ", ("checked", "green"))
    )
