"""`workrail source add`: use the workflows of a folder or a repository."""

from pathlib import Path

import click

from workrail_engine.engine import SourceRequest
from workrail_engine.library import open_sources
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.commands.source_lines import (
    how_to_trust,
    print_source,
    seconds_option,
    telling,
)
from workrail_mcp_server.source_json import source_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "add",
    epilog="""\b
Examples:
  workrail source add ~/team/workflows
  workrail source add https://github.com/acme/workflows.git
  workrail source add git@github.com:acme/workflows.git --name acme --ref v2

A folder is read as it is, every time, and is trusted. Of a repository the workflow files of one
commit are kept; they lie in its folder workflows or .workrail/workflows, or anywhere where it has
neither, and cannot be started before `workrail trust`. A path is taken for a repository when it is
bare or --ref is given.
""",
)
@click.argument("address", metavar="PATH|GIT-URL")
@click.option("--name", help="What to call it; made from the address when left out.")
@click.option("--ref", help="Branch, tag or commit of a repository; its HEAD when left out.")
@seconds_option
@json_option
def add_source(
    *, address: str, name: str | None, ref: str | None, seconds: float, as_json: bool
) -> None:
    """Use the workflows of a folder or a git repository."""
    request = SourceRequest(
        address=address, base=Path.cwd(), added_by="person", name=name, ref=ref, seconds=seconds
    )
    with telling() as told:
        added = open_sources().add(request, told)
    if as_json:
        print_json({"source": source_json(added.source), "already": added.already})
        return
    out = page()
    print_source(out, added.source)
    rest = page(errors=True)
    if added.already:
        rest.print(styled("It was there already; nothing was changed."))
    rest.print(how_to_trust(added.source))
