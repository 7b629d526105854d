"""Which sessions are there?

Every list comes from the sessions' own rows and their indexes; no log is read.
"""

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import SessionId
from workrail_engine.projections.resume_ranking import words_of
from workrail_engine.projections.session_summary import SessionPage, SessionSummary
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.rows import SUMMARY_COLUMNS, summary_of
from workrail_engine.store.word_pages import next_speaking
from workrail_engine.store.word_search import Held, holding, showing

_s, _w = schema.sessions, schema.workflows
WITH_WORKFLOW = _s.outerjoin(_w, _w.c.workflow_hash == _s.c.workflow_hash)
_NUMBERS = select(_s.c.number)
_SUMMARY = select(*SUMMARY_COLUMNS).select_from(WITH_WORKFLOW)
_PLACE: Final = re.compile(r"(-?[0-9]{1,19})\.([0-9]{1,19})")
LARGEST: Final = 2**63 - 1
"""A database holds no larger number."""
MOST_COUNTED: Final = 10_000
"""Sessions a list counts: beyond that a person does not read the number, and waits for it."""
NEWEST_FIRST = (_s.c.updated_at.desc(), _s.c.number.desc())


def page(
    connection: Connection, limit: int, before: str | None, status: Status | None, query: str | None
) -> SessionPage:
    """Some sessions, newest change first.

    Raises:
        InvalidInputError: `before` did not come from a page.
    """
    conditions: list[ColumnElement[bool]] = [] if status is None else [_s.c.status == status]
    older = [] if before is None else [older_than(before)]
    words = words_of(query)
    more = False
    if words:
        numbers, total, more = speaking(connection, limit, conditions, older, words)
        chosen = [dialect_of(connection).among(numbers)]
    else:
        total, more = counted(connection, conditions, MOST_COUNTED)
        chosen = [*conditions, *older]
    statement = _SUMMARY.where(*chosen).order_by(*NEWEST_FIRST).limit(limit + 1)
    rows = connection.execute(statement).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return SessionPage(
        sessions=tuple(summary_of(row) for row in rows[:limit]),
        total=total,
        next_before=None if last is None else f"{last.updated_at}.{last.number}",
        more=more,
    )


def speaking(
    connection: Connection,
    limit: int,
    conditions: Sequence[ColumnElement[bool]],
    older: Sequence[ColumnElement[bool]],
    words: Sequence[str],
) -> tuple[Sequence[int], int, bool]:
    """The page's sessions and one more, which speak of the words or, where none does, look so.

    With them how many there are, and whether there may be more.
    """
    held = held_or_shown(connection, words)
    seen = [*conditions, dialect_of(connection).among(held.sessions)]
    total = count(connection, seen) if conditions else len(held.sessions)
    among = conditions if not held.complete else seen
    listed = _NUMBERS.where(*among, *older).order_by(*NEWEST_FIRST)
    if held.complete:
        return connection.execute(listed.limit(limit + 1)).scalars().all(), total, False
    numbers = next_speaking(connection, listed, held.terms, limit + 1)
    return numbers, max(total, len(numbers)), True


def held_or_shown(connection: Connection, words: Sequence[str]) -> Held:
    """The sessions that speak of the words or, where none does, look so."""
    held = holding(connection, words)
    return held if held.sessions else showing(connection, words)


def summary(connection: Connection, session_id: str) -> SessionSummary:
    """One session's line.

    Raises:
        SessionNotFoundError: no such session.
    """
    row = connection.execute(_SUMMARY.where(_s.c.session_id == session_id)).one_or_none()
    if row is None:
        raise unknown_session(session_id)
    return summary_of(row)


def children(connection: Connection, session_id: str) -> tuple[SessionSummary, ...]:
    """The sessions started from one, oldest first."""
    statement = _SUMMARY.where(_s.c.parent_session_id == session_id).order_by(_s.c.number)
    return tuple(summary_of(row) for row in connection.execute(statement))


def ids_starting(connection: Connection, prefix: str, limit: int) -> tuple[SessionId, ...]:
    """Some session ids that begin with a text."""
    matches = _s.c.session_id.between(prefix, f"{prefix}~")
    statement = select(_s.c.session_id).where(matches).order_by(_s.c.session_id).limit(limit)
    return tuple(SessionId(found) for found in connection.execute(statement).scalars())


def count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many sessions meet all conditions."""
    statement = select(func.count()).select_from(_s).where(*conditions)
    return connection.execute(statement).scalar_one()


def counted(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], most: int
) -> tuple[int, bool]:
    """How many sessions meet all conditions, counted to `most`; and whether there are more."""
    some = select(_s.c.number).where(*conditions).limit(most + 1).subquery()
    found = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return min(found, most), found > most


def older_than(before: str) -> ColumnElement[bool]:
    """What comes after a place in a list of sessions, newest change first.

    Raises:
        InvalidInputError: no list could have named the place.
    """
    found = _PLACE.fullmatch(before)
    place = None if found is None else (int(found[1]), int(found[2]))
    if place is None or not all(-LARGEST <= number <= LARGEST for number in place):
        message = f"'{before}' is not a place in a list of sessions. Begin again without it."
        raise InvalidInputError(message)
    return tuple_(_s.c.updated_at, _s.c.number) < tuple_(*place)
