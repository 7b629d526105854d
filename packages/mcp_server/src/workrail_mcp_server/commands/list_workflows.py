"""`workrail list`: which workflows does this workspace see?"""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from workrail_engine.library import open_registry
from workrail_engine.projections.catalog import BrokenFile, Catalog, WorkflowEntry
from workrail_engine.projections.catalog_search import search, tag_counts
from workrail_mcp_server.catalog_json import broken_json, entry_json
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.terminal import indented, page, print_json, styled


@click.command(
    "list",
    epilog="""\b
Examples:
  workrail list
  workrail list flaky test
  workrail list --tag coding --tag project
  workrail list --json | jq -r '.workflows[].id'

Words are looked for in ids, names, tags and descriptions; the best fit comes first.
Exits with 1 when nothing fits.
""",
)
@click.argument("words", nargs=-1)
@click.option(
    "--tag", "tags", multiple=True, help="Only workflows with this tag; repeat it for more."
)
@workspace_option
@json_option
@click.pass_context
def list_workflows(
    context: click.Context,
    *,
    words: tuple[str, ...],
    tags: tuple[str, ...],
    workspace: Path,
    as_json: bool,
) -> None:
    """List the workflows this workspace sees."""
    catalog = open_registry().catalog(workspace.resolve())
    entries = search(catalog, " ".join(words), tags)
    if as_json:
        print_json(
            {
                "workflows": [entry_json(entry) for entry in entries],
                "broken": [broken_json(file) for file in catalog.broken],
            }
        )
    else:
        _print(page(), catalog, entries)
    if not entries:
        context.exit(1)


def _print(out: Console, catalog: Catalog, entries: Sequence[WorkflowEntry]) -> None:
    for entry in entries:
        steps = "1 step" if entry.steps == 1 else f"{entry.steps} steps"
        facts = [steps, *entry.tags]
        out.print(styled((entry.id, "bold"), "  ", entry.name, (f"  ({', '.join(facts)})", "dim")))
        out.print(indented(entry.description, 4))
        if entry.untrusted:
            out.print(
                styled((f"    untrusted: to start it, workrail trust {entry.managed}", "yellow"))
            )
        for path in entry.shadows:
            out.print(styled((f"    used instead of {path}", "dim")))
    if catalog.broken:
        _print_broken(page(errors=True), catalog.broken)
    if not entries:
        page(errors=True).print(styled(_nothing(catalog)))


def _nothing(catalog: Catalog) -> str:
    if not catalog.entries:
        return "There are no workflows here. Put one into .workrail/workflows of the project."
    tags = ", ".join(f"{tag} ({count})" for tag, count in tag_counts(catalog))
    count = len(catalog.entries)
    there = "There is 1" if count == 1 else f"There are {count}"
    return f"No workflow fits. {there}, with these tags: {tags}."


def _print_broken(out: Console, broken: Sequence[BrokenFile]) -> None:
    count = "1 file" if len(broken) == 1 else f"{len(broken)} files"
    out.print(styled((f"{count} cannot be used:", "red")))
    for file in broken:
        for problem in file.problems:
            out.print(styled(f"  {problem.located(file.path)}"))
