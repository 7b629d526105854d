"""`workrail source sync`: fetch what is new."""

from typing import assert_never

import click
from rich.console import Console

from workrail_engine.library import open_sources
from workrail_engine.projections.managed import SourceSynced, SourceUnreached, SyncOutcome
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.commands.source_lines import (
    SHORT_COMMIT,
    how_to_trust,
    print_changes,
    seconds_option,
    telling,
)
from workrail_mcp_server.source_json import sync_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "sync",
    epilog="""\b
Examples:
  workrail source sync
  workrail source sync acme --timeout 120

Every repository is asked for its newest commit, or just the one that is named. A source that cannot
be reached keeps the commit it has, and its workflows can be used as before. Files that changed end
the trust in a repository until `workrail trust`. Exits with 1 when a source could not be reached.
""",
)
@click.argument("name", required=False)
@seconds_option
@json_option
@click.pass_context
def sync_sources(
    context: click.Context, *, name: str | None, seconds: float, as_json: bool
) -> None:
    """Fetch the newest commit of repositories."""
    with telling() as told:
        outcomes = open_sources().sync(name, seconds, told)
    if as_json:
        print_json({"sources": [sync_json(outcome) for outcome in outcomes]})
    else:
        for outcome in outcomes:
            _print(page(), outcome)
    if not outcomes:
        page(errors=True).print(styled("No source was added yet."))
    context.exit(1 if any(isinstance(each, SourceUnreached) for each in outcomes) else 0)


def _print(out: Console, outcome: SyncOutcome) -> None:
    source = outcome.source
    name = (source.name, "bold")
    match outcome:
        case SourceSynced(before=before, changes=changes):
            if source.kind == "folder":
                out.print(styled(name, "  a folder, read as it is"))
            elif before == source.commit and not changes.lines():
                out.print(styled(name, f"  unchanged at {_short(source.commit)}"))
            else:
                out.print(styled(name, f"  {_short(before)} → {_short(source.commit)}"))
                print_changes(out, changes.lines())
            if source.trust != "trusted":
                out.print(how_to_trust(source))
        case SourceUnreached(reason=reason):
            kept = f"; it stays at {_short(source.commit)}" if source.commit is not None else ""
            out.print(styled(name, (f"  not reached: {reason}{kept}", "red")))
        case _:
            assert_never(outcome)


def _short(commit: str | None) -> str:
    return (commit or "nothing")[:SHORT_COMMIT]
