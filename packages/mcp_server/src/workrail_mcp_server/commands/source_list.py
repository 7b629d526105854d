"""`workrail source list`: which sources were added?"""

import click

from workrail_engine.library import open_sources
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.commands.source_lines import print_source
from workrail_mcp_server.source_json import source_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "list",
    epilog="""\b
Examples:
  workrail source list
  workrail source list --json | jq -r '.sources[] | select(.trust != "trusted").name'

The network is not touched: what is shown is what the last sync fetched.
""",
)
@json_option
def list_sources(*, as_json: bool) -> None:
    """List the added sources."""
    found = open_sources().all()
    if as_json:
        print_json({"sources": [source_json(source) for source in found]})
        return
    for source in found:
        print_source(page(), source)
    if not found:
        page(errors=True).print(styled("No source was added yet: workrail source add PATH|GIT-URL"))
