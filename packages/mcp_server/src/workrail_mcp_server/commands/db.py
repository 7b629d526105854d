"""`workrail db`: where are the sessions kept, and how does one look after that?"""

import click

from workrail_mcp_server.commands.db_backup import back_up
from workrail_mcp_server.commands.db_move import move
from workrail_mcp_server.commands.db_status import status
from workrail_mcp_server.commands.db_upgrade import upgrade


@click.group(
    commands=[status, upgrade, back_up, move],
    epilog="""\b
Examples:
  workrail db status
  workrail db backup ../sessions-monday.db
  workrail db move --to postgresql://ada@db.example/workrail

Sessions are kept in a file of the folder WORKRAIL_HOME names, or in the PostgreSQL database
WORKRAIL_DATABASE_URL names. No output holds a password.
""",
)
def db() -> None:
    """Look after the store that holds the sessions."""
