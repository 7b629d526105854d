"""What does a list say of each of its sessions?

However many lines a list has, the same few statements are asked for all of them together. Where the
database itself stumbles over a row, each session is asked for alone. What cannot be read of a session
is said on its line, which stays.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, Select, select

from workrail_engine.errors import StoreDamagedError
from workrail_engine.ids import NodeId, SessionId, approval_id
from workrail_engine.projections.listing import ListedSession, StandingReason
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.codec import Kept, decode_kept
from workrail_engine.store.line_facts import Facts, facts_of
from workrail_engine.store.mending import Seen, seen
from workrail_engine.store.queries import WITH_WORKFLOW
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import SUMMARY_COLUMNS, AnyRow, is_a_time, rfc3339

LONGEST_NOTE: Final = 400
_STATUS_AT: Final[dict[str, Status]] = {
    "step": "running",
    "blocked": "blocked",
    "waiting": "waiting",
    "end": "completed",
}
LINE: Final[Select[*tuple[object, ...]]] = select(
    *SUMMARY_COLUMNS, schema.sessions.c.tip
).select_from(WITH_WORKFLOW)
"""Asks for what `lines` needs of each session."""


def lines(connection: Connection, rows: Sequence[AnyRow]) -> tuple[ListedSession, ...]:
    """A line for each row, from the columns of `LINE`, whatever they hold."""
    sessions = [seen(row) for row in rows]
    try:
        with noticing_damage():
            facts = facts_of(connection, sessions)
    except StoreDamagedError:
        return tuple(alone(connection, session) for session in sessions)
    return tuple(_line(session, facts) for session in sessions)


def alone(connection: Connection, session: Seen) -> ListedSession:
    """The line of one session, whatever the database stumbles over."""
    try:
        with noticing_damage():
            return _line(session, facts_of(connection, [session]))
    except StoreDamagedError as error:
        damaged = replace(session, problems=(*session.problems, str(error)))
        return _line(damaged, Facts())


def _line(session: Seen, facts: Facts) -> ListedSession:
    problems = [*session.problems, *facts.problems.get(session.number, ())]
    found = facts.strips.get(session.number)
    summary = session.summary
    kept = Kept()
    if found is not None:
        tip = found.points[0]
        if not session.status_known:
            summary = replace(summary, status=_STATUS_AT[tip.kind])
        try:
            kept = decode_kept(tip.kept)
        except (DamagedRecordError, TypeError, RecursionError) as error:
            problems.append(f"what node {tip.node} holds cannot be read: {error}")
    note = kept.notes or facts.notes.get(session.number)
    session = replace(session, summary=summary)
    return ListedSession(
        summary=summary,
        marks=() if found is None else found.marks,
        marks_left_out=0 if found is None else max(0, summary.steps_completed - found.completed),
        retries=0 if found is None else found.retries,
        reason=_reason(session, facts, kept),
        last_note=None if note is None else note[:LONGEST_NOTE],
        children=facts.children.get(summary.session_id, {}),
        drivers=tuple(facts.drivers.get(session.number, ())),
        problem=_told(summary.session_id, problems),
        run=facts.runs.get(session.number),
    )


def _reason(session: Seen, facts: Facts, kept: Kept) -> StandingReason | None:
    """Why it stands; what cannot be read of that is left out."""
    summary, number = session.summary, session.number
    if summary.status not in ("blocked", "waiting"):
        return None
    found, since = facts.strips.get(number), facts.since.get(number)
    waits = summary.status == "waiting"
    named = approval_id(summary.session_id, NodeId(session.tip)) if waits and session.tip else None
    return StandingReason(
        since=summary.updated_at if since is None or not is_a_time(since) else rfc3339(since),
        blockers=kept.blockers,
        attempts=0 if found is None else found.refused,
        approval_id=named,
        approver=None if kept.ask is None else kept.ask.approver,
        reason=None if kept.ask is None else kept.ask.reason,
    )


def _told(session_id: SessionId, problems: Sequence[str]) -> str | None:
    if not problems:
        return None
    return (
        f"Its record is damaged: {'; '.join(problems)}. "
        f"`workrail session verify {session_id}` tells all that is wrong."
    )
