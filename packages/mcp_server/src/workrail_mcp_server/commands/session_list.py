"""`workrail session list`: which sessions are there?"""

from collections.abc import Mapping
from typing import Final, get_args

import click
from rich.console import Console
from rich.text import Text

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.projections.resume_ranking import RankedSession, ResumeAsk
from workrail_engine.projections.session_summary import SessionPage, SessionSummary
from workrail_engine.reader import Reader, open_reader
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import summary_json
from workrail_mcp_server.terminal import StatusName, moment, page, print_json, status_style, styled

_MOST_REASONS: Final = 500


@click.command(
    "list",
    epilog="""\b
Examples:
  workrail session list
  workrail session list --status blocked --limit 5
  workrail session list login bug
  workrail session list '"stale price"' --json

WORDS are looked for in goals, notes, artifacts and the titles of steps: sessions that have all of
them, as beginnings of words; "words in quotes" stand together. Each is shown with where it speaks.
The session that changed last comes first. Where there are more, `--before` takes the value the
page before ended with.
""",
)
@click.option(
    "--status",
    type=click.Choice(get_args(StatusName)),
    help="Only sessions that stand so.",
)
@click.argument("words", nargs=-1)
@click.option("--query", help="The same as WORDS.")
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
    words: tuple[str, ...],
    query: str | None,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """List recorded sessions, newest change first."""
    asked = " ".join((*words, *([query] if query else [])))
    with open_reader() as reader:
        found = reader.sessions(limit=limit, before=before, status=status, query=asked or None)
        reasons = _reasons(reader, asked if found.sessions else "")
    if as_json:
        print_json(
            {
                "sessions": [
                    {**summary_json(session), **_why_json(reasons.get(session.session_id))}
                    for session in found.sessions
                ],
                "total": found.total,
                "more": found.more,
                "nextBefore": found.next_before,
            }
        )
    else:
        _print(page(), found, asked, reasons)


def _reasons(reader: Reader, asked: str) -> Mapping[SessionId, RankedSession]:
    """Why the best sessions fit some words, and what they say of them; nothing for no words."""
    if not asked:
        return {}
    ask = ResumeAsk(query=asked, limit=_MOST_REASONS)
    return {one.summary.session_id: one for one in reader.candidates(ask)}


def _why_json(reason: RankedSession | None) -> JsonObject:
    return {} if reason is None else {"why": list(reason.why), "snippet": reason.snippet}


def _print(
    out: Console, found: SessionPage, asked: str, reasons: Mapping[SessionId, RankedSession]
) -> None:
    for session in found.sessions:
        out.print(_line(session))
        if session.step_title is not None:
            out.print(styled(("    at ", "dim"), session.step_title))
        reason = reasons.get(session.session_id)
        if reason is not None:
            out.print(styled(("    why ", "dim"), f"{'; '.join(reason.why)}: {reason.snippet}"))
    rest = page(errors=True)
    if not found.sessions:
        missing = f"No session speaks of {asked}, or" if asked else "No session fits, or"
        rest.print(styled(f"{missing} none was recorded yet."))
    elif found.next_before is not None:
        rest.print(
            styled(
                f"Shown: {len(found.sessions)} of {'at least ' if found.more else ''}{found.total}. "
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
