"""What did the index of words learn from a session, and how does it forget that?

The index keeps no text. What was said is told again from the log, the nodes and the blobs.
"""

import zlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from workrail_engine.errors import CorruptSessionError
from workrail_engine.session.events import Event, SessionStarted
from workrail_engine.store import schema
from workrail_engine.store.codec import decode, node_of
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.findable import ends_a_change, findable, named_contents
from workrail_engine.store.parts import shown
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.said import Said

_e, _n = schema.events, schema.nodes


def forget(connection: Connection, told: Sequence[tuple[int, Said]]) -> None:
    """Take pieces of text out of the index of words; each is given with its place."""
    for place, said in told:
        dialect_of(connection).unindex(connection, place, said)


def told_again(connection: Connection, session: int) -> list[tuple[int, Said]]:
    """Each piece of text of a session in the index of words, with its place.

    Raises:
        CorruptSessionError: it cannot be told any more.
    """
    places = dialect_of(connection).indexed(connection, session)
    try:
        log, titles = _log(connection, session), _titles(connection, session)
        return [(place, _said(connection, log, titles, place)) for place in places]
    except (DamagedRecordError, KeyError, ValueError, zlib.error) as error:
        message = (
            f"What session number {session} says cannot be told from its log: {error}. Run `workrail "
            "session verify --all` to see what is damaged."
        )
        raise CorruptSessionError(message) from error


def _log(connection: Connection, session: int) -> Mapping[int, Event]:
    columns = (_e.c.seq, _e.c.kind, _e.c.payload)
    rows = connection.execute(select(*columns).where(_e.c.session == session).order_by(_e.c.seq))
    return {row.seq: decode(row.kind, row.payload) for row in rows}


def _titles(connection: Connection, session: int) -> Mapping[int, str | None]:
    rows = connection.execute(select(_n.c.node, _n.c.title).where(_n.c.session == session))
    return {row.node: row.title for row in rows}


def _said(
    connection: Connection,
    log: Mapping[int, Event],
    titles: Mapping[int, str | None],
    place: int,
) -> Said:
    """What the change that begins at a place in the index said."""
    seq = place % schema.EVENTS_PER_SESSION
    if seq == schema.LINE:
        return _line(log[1])
    change = [log[seq]]
    while not ends_a_change(change[-1]):
        seq += 1
        change.append(log[seq])
    named = named_contents(change)
    contents = read_blobs(connection, named) if named else {}
    reached = node_of(change[-1])
    said = findable(change, None if reached is None else titles[reached], contents)
    if said is None:
        message = f"the change that begins with event {seq} says nothing"
        raise DamagedRecordError(message)
    return said


def _line(first: Event) -> Said:
    if not isinstance(first, SessionStarted):
        message = "the log does not begin with the session's start"
        raise DamagedRecordError(message)
    return shown(first)
