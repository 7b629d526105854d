"""`workrail gc`: which old sessions may leave the store?"""

from collections.abc import Callable
from dataclasses import replace

import click

from workrail_engine.clearing import ClearRequest, clear
from workrail_engine.projections.retention import Removed, Which, age_of
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import removed_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "gc",
    epilog="""\b
Examples:
  workrail gc --older-than 90d --dry-run
  workrail gc --older-than 26w --status any

An age is a number and a unit: 36h, 90d or 26w since the session changed last. A session goes whole
or not at all. One that started another stays as long as that one does; --parents lets it go when
the other is as old. Artifacts, contexts and pinned workflows go when no session names them any more.
Agents may be at work meanwhile; a run that is stopped is finished by the next.
What is gone cannot be brought back: --dry-run says first exactly what that is.
""",
)
@click.option("--older-than", "age", required=True, metavar="AGE", help="Unchanged for so long.")
@click.option(
    "--status",
    "which",
    type=click.Choice(["completed", "any"]),
    default="completed",
    show_default=True,
    help="Only sessions that stand so.",
)
@click.option("--parents", is_flag=True, help="Also those whose started sessions stay, if as old.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@json_option
def collect_garbage(*, age: str, which: Which, parents: bool, dry_run: bool, as_json: bool) -> None:
    """Remove old sessions and what only they used."""
    request = ClearRequest(age_of(age), which, parents=parents)
    removed = clear(request, _progress(), pretend=dry_run)
    if as_json:
        print_json(removed_json(removed, dry_run=dry_run))
    else:
        _print(removed, dry_run=dry_run)


def _progress() -> Callable[[int, int], None]:
    """Tells a person at a terminal how far it is."""
    out = page(errors=True)

    def told(done: int, total: int) -> None:
        if out.is_terminal:
            out.print(styled((f"{done:,} of {total:,} sessions", "dim")), end="\r")

    return told


def _print(removed: Removed, *, dry_run: bool) -> None:
    out, rest = page(), page(errors=True)
    verb = "Would remove" if dry_run else "Removed"
    out.print(
        styled(
            f"{verb} {removed.sessions:,} sessions with {removed.events:,} events and "
            f"{removed.artifacts:,} artifacts; {removed.contents:,} contents "
            f"({removed.content_bytes:,} bytes); {removed.workflows:,} pinned workflows."
        )
    )
    if removed.kept_for_children:
        rest.print(
            styled(
                f"{removed.kept_for_children:,} old sessions stay because one they started stays."
            )
        )
    for session_id in removed.kept_damaged:
        rest.print(
            styled(
                f"{session_id} stays because it is damaged: workrail session verify {session_id}"
            )
        )
    if removed == replace(Removed(), kept_for_children=removed.kept_for_children):
        rest.print(styled("Nothing is that old."))
