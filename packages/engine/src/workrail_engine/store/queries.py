"""Which sessions are there?

Every list comes from the sessions' own rows and their indexes; no log is read.
"""

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_

from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import SessionId
from workrail_engine.projections.resume_ranking import words_of
from workrail_engine.projections.session_summary import SessionPage, SessionSummary
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.rows import SUMMARY_COLUMNS, summary_of
from workrail_engine.store.word_search import Finds, with_all

_s, _w = schema.sessions, schema.workflows
WITH_WORKFLOW = _s.outerjoin(_w, _w.c.workflow_hash == _s.c.workflow_hash)
_SUMMARY = select(*SUMMARY_COLUMNS).select_from(WITH_WORKFLOW)
_PLACE: Final = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}")
NEWEST_FIRST = (_s.c.updated_at.desc(), _s.c.number.desc())


def page(
    connection: Connection, limit: int, before: str | None, status: Status | None, query: str | None
) -> SessionPage:
    """Some sessions, newest change first.

    Raises:
        InvalidInputError: `before` did not come from a page.
    """
    conditions: list[ColumnElement[bool]] = [] if status is None else [_s.c.status == status]
    older = [] if before is None else [_older_than(before)]
    words = words_of(query)
    more, total = False, None
    if words:
        finds = with_all(connection, words)
        more = not finds.complete
        total = count(connection, [*conditions, _among(finds)]) if more else None
        conditions += _speaking(connection, finds, words)
    total = count(connection, conditions) if total is None else total
    if not total:
        return SessionPage((), 0, None)
    statement = _SUMMARY.where(*conditions, *older).order_by(*NEWEST_FIRST).limit(limit + 1)
    rows = connection.execute(statement).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return SessionPage(
        sessions=tuple(summary_of(row) for row in rows[:limit]),
        total=total,
        next_before=None if last is None else f"{last.updated_at}.{last.number}",
        more=more,
    )


def looks_like(connection: Connection, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Conditions on `sessions` that also find the middle of a word, in what a list shows."""
    holds = dialect_of(connection).holds
    return [
        or_(
            *(
                holds(shown, word)
                for shown in (_s.c.goal, _s.c.workflow_id, _s.c.step_title, _s.c.branch)
            )
        )
        for word in words
    ]


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


def _speaking(
    connection: Connection, finds: Finds, words: Sequence[str]
) -> list[ColumnElement[bool]]:
    """Conditions on `sessions`: they speak of the words, or look so where none does."""
    if not finds.sessions:
        return looks_like(connection, words)
    if finds.complete:
        return [_among(finds)]
    says = dialect_of(connection).says
    return [says(term, f"term{place}") for place, term in enumerate(finds.terms)]


def _among(finds: Finds) -> ColumnElement[bool]:
    return _s.c.number.in_(list(finds.sessions))


def _older_than(before: str) -> ColumnElement[bool]:
    updated_at, _, number = before.partition(".")
    if _PLACE.fullmatch(before) is None:
        message = f"'{before}' is not a place in a list of sessions. Begin again without it."
        raise InvalidInputError(message)
    return tuple_(_s.c.updated_at, _s.c.number) < tuple_(int(updated_at), int(number))
