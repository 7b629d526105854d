"""`workrail source remove`: use a source no more."""

import click

from workrail_engine.library import open_sources
from workrail_mcp_server.terminal import page, styled


@click.command(
    "remove",
    epilog="""\b
Examples:
  workrail source remove acme

What was fetched is deleted; a folder you added stays as it is. Sessions go on with the workflows
they began with. Exits with 1 when there is no such source.
""",
)
@click.argument("name")
def remove_source(*, name: str) -> None:
    """Use a source no more."""
    gone = open_sources().remove(name)
    page(errors=True).print(styled(f"Removed {gone.name} ({gone.location})."))
