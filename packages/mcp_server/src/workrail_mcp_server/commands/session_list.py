"""`workrail session list`: which sessions are there?"""

from typing import get_args

import click
from rich.console import Console
from rich.text import Text

from workrail_engine.projections.session_summary import SessionPage, SessionSummary
from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import summary_json
from workrail_mcp_server.terminal import StatusName, moment, page, print_json, status_style, styled


@click.command(
    "list",
    epilog="""\b
Examples:
  workrail session list
  workrail session list --status blocked --limit 5
  workrail session list --query "login bug" --json

The session that changed last comes first. Where there are more, `--before` takes the value the
page before ended with.
""",
)
@click.option(
    "--status",
    type=click.Choice(get_args(StatusName)),
    help="Only sessions that stand so.",
)
@click.option("--query", help="Only sessions whose goal, notes or artifacts speak of this.")
@click.option(
    "--limit",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="At most so many.",
)
@click.option("--before", help="Go on from where an earlier page ended.")
@json_option
def list_sessions(
    *,
    status: StatusName | None,
    query: str | None,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """List recorded sessions, newest change first."""
    with open_reader() as reader:
        found = reader.sessions(limit=limit, before=before, status=status, query=query)
    if as_json:
        print_json(
            {
                "sessions": [summary_json(session) for session in found.sessions],
                "total": found.total,
                "nextBefore": found.next_before,
            }
        )
    else:
        _print(page(), found)


def _print(out: Console, found: SessionPage) -> None:
    for session in found.sessions:
        out.print(_line(session))
        if session.step_title is not None:
            out.print(styled(("    at ", "dim"), session.step_title))
    rest = page(errors=True)
    if not found.sessions:
        rest.print(styled("No session fits, or none was recorded yet."))
    elif found.next_before is not None:
        rest.print(
            styled(
                f"Shown: {len(found.sessions)} of {found.total}. "
                f"Next page: --before {found.next_before}"
            )
        )


def _line(session: SessionSummary) -> Text:
    return styled(
        (session.session_id, "bold"),
        "  ",
        (f"{session.status:<9}", status_style(session.status)),
        f"  {moment(session.updated_at)}  {session.workflow_id}  ",
        session.goal.splitlines()[0] if session.goal else "",
    )
