"""`workrail trust`: which content may be started?"""

import click
from rich.console import Console

from workrail_engine.library import open_sources, open_trust
from workrail_engine.projections.managed import ManagedSource
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.commands.source_lines import how_to_trust, print_changes, print_source
from workrail_mcp_server.source_json import source_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    epilog="""\b
Examples:
  workrail trust --list
  workrail trust acme
  workrail trust acme --revoke

Workflows tell an agent what to do. Those of a repository, and of a folder an agent added, can be
started only after you trusted the source. Trust is for the content it has now, by the hash of every
workflow file: when a sync changes a file, the change is shown here and has to be trusted anew.
""",
)
@click.argument("source", required=False)
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="Show what is trusted and what changed; so does no SOURCE.",
)
@click.option("--revoke", is_flag=True, help="Trust nothing of the source any more.")
@json_option
def trust(*, source: str | None, listing: bool, revoke: bool, as_json: bool) -> None:
    """Allow the workflows of a source to be started."""
    if (revoke and source is None) or (listing and (revoke or source is not None)):
        message = "Name a source, with or without --revoke, or give --list alone."
        raise click.UsageError(message)
    if source is None:
        _list(as_json=as_json)
        return
    decided = open_trust()
    before, after = decided.revoke(source) if revoke else decided.trust(source)
    if as_json:
        print_json({"source": source_json(after)})
        return
    out = page()
    print_source(out, after)
    print_changes(out, before.since_trusted.lines())
    rest = page(errors=True)
    if before.trust == after.trust:
        rest.print(styled("Nothing was changed."))
    elif not revoke:
        rest.print(styled(f"Trusted as it is now: {after.digest}"))
    rest.print(how_to_trust(after))


def _list(*, as_json: bool) -> None:
    found = open_sources().all()
    if as_json:
        print_json({"sources": [source_json(source) for source in found]})
        return
    for source in found:
        _print(page(), source)
    if not found:
        page(errors=True).print(styled("No source was added yet: workrail source add PATH|GIT-URL"))


def _print(out: Console, source: ManagedSource) -> None:
    print_source(out, source)
    print_changes(out, source.since_trusted.lines())
    if source.path != source.location:
        out.print(styled((f"    {source.path}", "dim")))
    out.print(styled((f"    {source.digest}", "dim")))
