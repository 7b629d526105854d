"""`workrail source`: which folders and repositories do workflows come from?"""

import click

from workrail_mcp_server.commands.source_add import add_source
from workrail_mcp_server.commands.source_list import list_sources
from workrail_mcp_server.commands.source_remove import remove_source
from workrail_mcp_server.commands.source_sync import sync_sources


@click.group(
    commands=[add_source, list_sources, sync_sources, remove_source],
    epilog="""\b
Examples:
  workrail source add https://github.com/acme/workflows.git
  workrail source list
  workrail source sync

Only add and sync touch the network. What comes from a repository cannot be started before
`workrail trust`.
""",
)
def source() -> None:
    """Add folders and repositories of workflows."""
