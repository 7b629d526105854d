"""What did unattended runs leave in a log, and what lies in the blobs they name?"""

import zlib
from typing import Final

from sqlalchemy import Connection, bindparam, select

from workrail_engine.agent_events import Content
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Entry
from workrail_engine.store import schema
from workrail_engine.store.agent_payloads import AGENT_READERS
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.journal import fact_in, number_of
from workrail_engine.store.rows import rfc3339

_e = schema.events
_ENTRIES: Final = (
    select(_e.c.seq, _e.c.at, _e.c.kind, _e.c.payload)
    .where(
        _e.c.session == bindparam("session"),
        _e.c.seq > bindparam("after"),
        _e.c.kind.in_([*AGENT_READERS]),
    )
    .order_by(_e.c.seq)
)


def entries(
    connection: Connection, session_id: SessionId, after: int = 0, most: int | None = None
) -> tuple[Entry, ...]:
    """The facts in a session's log, in order.

    Args:
        connection: to the store.
        session_id: whose.
        after: only those behind this place.
        most: so many at most; None: all.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: one of them cannot be read.
    """
    where = {"session": number_of(connection, session_id), "after": after}
    statement = _ENTRIES if most is None else _ENTRIES.limit(most)
    return tuple(
        Entry(row.seq, rfc3339(row.at), fact_in(row, session_id))
        for row in connection.execute(statement, where)
    )


def content(connection: Connection, named: Content) -> bytes:
    """The bytes a fact names.

    Raises:
        CorruptSessionError: they are lost.
    """
    try:
        return read_blobs(connection, [named.digest])[named.digest]
    except (KeyError, zlib.error) as error:
        raise lost(named) from error


def lost(named: Content) -> CorruptSessionError:
    """The failure to report when what a fact names is not there."""
    return CorruptSessionError(
        f"The content {named.digest}, which a run left, is missing from the store or damaged. Run "
        "`workrail session verify` on the session to see what else is."
    )
