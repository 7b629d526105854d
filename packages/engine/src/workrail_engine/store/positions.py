"""Where does a session stand, and how did it get there?

Each question is one statement with a fixed cost, or one that grows only with what it answers.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from workrail_engine.errors import CorruptSessionError, SessionNotFoundError
from workrail_engine.ids import Handle, NodeId, SessionId
from workrail_engine.ports import Attempt, NotesTrail, SessionHead, Standing, StepNote
from workrail_engine.session.events import SessionStarted, StepCompleted
from workrail_engine.session.state import Node
from workrail_engine.store import schema
from workrail_engine.store.chain import Link
from workrail_engine.store.codec import decode, decode_position
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.rows import (
    ATTEMPT_COLUMNS,
    HEAD_COLUMNS,
    NODE_COLUMNS,
    AnyRow,
    attempt_of,
    damaged,
    head_of,
    node_of,
)

_s, _e, _n, _a = schema.sessions, schema.events, schema.nodes, schema.attempts

_STANDING = (
    select(*HEAD_COLUMNS, *NODE_COLUMNS, *ATTEMPT_COLUMNS)
    .select_from(_a)
    .join(_s, _s.c.number == _a.c.session)
    .join(_n, (_n.c.session == _a.c.session) & (_n.c.node == _a.c.node))
    .where(_a.c.handle == bindparam("handle"))
)
_HEAD = select(*HEAD_COLUMNS).where(_s.c.session_id == bindparam("session_id"))
_NODE = (
    select(*NODE_COLUMNS)
    .join(_s, _s.c.number == _n.c.session)
    .where(_s.c.session_id == bindparam("session_id"), _n.c.node == bindparam("node"))
)
_OPEN = (
    select(*ATTEMPT_COLUMNS, _a.c.node)
    .join(_s, _s.c.number == _a.c.session)
    .where(
        _s.c.session_id == bindparam("session_id"),
        _a.c.node == bindparam("node"),
        _a.c.outcome_node.is_(None),
    )
    .order_by(_a.c.number.desc())
    .limit(1)
)
_USED = (
    select(*ATTEMPT_COLUMNS, _a.c.node)
    .join(_s, _s.c.number == _a.c.session)
    .where(
        _s.c.session_id == bindparam("session_id"),
        _a.c.node == bindparam("node"),
        _a.c.outcome_node.is_not(None),
    )
    .order_by(_a.c.number.desc())
    .limit(1)
)
_HISTORY = (
    select(_e.c.seq, _e.c.kind, _e.c.node, _e.c.at, _e.c.prev_hash, _e.c.payload)
    .join(_s, _s.c.number == _e.c.session)
    .where(_s.c.session_id == bindparam("session_id"))
    .order_by(_e.c.seq)
)
_FIRST = _HISTORY.limit(1)
_TRAIL: Final = text(
    """
    WITH RECURSIVE
      here(session) AS (SELECT number FROM sessions WHERE session_id = :session_id),
      trail(depth, parent, arrival, position) AS (
        SELECT 1, nodes.parent, nodes.arrival, nodes.position
          FROM here JOIN nodes ON nodes.session = here.session AND nodes.node = :node
        UNION ALL
        SELECT trail.depth + 1, nodes.parent, nodes.arrival, nodes.position
          FROM trail
          JOIN here ON true
          JOIN nodes ON nodes.session = here.session AND nodes.node = trail.parent
         WHERE trail.depth < :most
      )
    SELECT trail.parent, trail.position, events.seq, events.kind, events.payload
      FROM trail
      JOIN here ON true
      LEFT JOIN events ON events.session = here.session AND events.seq = trail.arrival
     ORDER BY trail.depth
    """
)
_TRAIL_AT_ONCE: Final = 64


def standing(connection: Connection, handle: Handle) -> Standing | None:
    """An attempt, its node and its session; None for an unknown handle."""
    row = connection.execute(_STANDING, {"handle": handle}).one_or_none()
    if row is None:
        return None
    head = head_of(row)
    return Standing(head, node_of(row, head.session_id), attempt_of(row, head.session_id))


def head(connection: Connection, session_id: SessionId) -> SessionHead:
    """Where a session stands.

    Raises:
        SessionNotFoundError: no such session.
    """
    row = connection.execute(_HEAD, {"session_id": session_id}).one_or_none()
    if row is None:
        raise unknown_session(session_id)
    return head_of(row)


def started(connection: Connection, session_id: SessionId) -> SessionStarted:
    """How a session began: its first event.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: the event cannot be read.
    """
    head(connection, session_id)
    first = connection.execute(_FIRST, {"session_id": session_id}).one_or_none()
    if first is None:
        raise damaged(session_id, "event 1", DamagedRecordError("it is missing"))
    try:
        event = decode(first.kind, first.payload)
    except DamagedRecordError as error:
        raise damaged(session_id, "event 1", error) from error
    if not isinstance(event, SessionStarted):
        raise damaged(session_id, "event 1", DamagedRecordError("it does not start the session"))
    return event


def node(connection: Connection, session_id: SessionId, node_id: NodeId) -> Node:
    """One node.

    Raises:
        CorruptSessionError: the session has no such node.
    """
    values = {"session_id": session_id, "node": node_id}
    row = connection.execute(_NODE, values).one_or_none()
    if row is None:
        raise missing_node(session_id, node_id)
    return node_of(row, session_id)


def open_attempt(connection: Connection, session_id: SessionId, node_id: NodeId) -> Attempt | None:
    """The newest unused attempt of a node."""
    values = {"session_id": session_id, "node": node_id}
    row = connection.execute(_OPEN, values).one_or_none()
    return None if row is None else attempt_of(row, session_id)


def newest_use(connection: Connection, session_id: SessionId, node_id: NodeId) -> Attempt | None:
    """The newest attempt at a node that was used."""
    values = {"session_id": session_id, "node": node_id}
    row = connection.execute(_USED, values).one_or_none()
    return None if row is None else attempt_of(row, session_id)


def notes_before(
    connection: Connection, session_id: SessionId, node_id: NodeId, budget: int
) -> NotesTrail:
    """Notes of the steps completed on the way to a node, newest first.

    The walk goes from the node up through its parents and stops at the first notes that do not fit,
    so it costs as much as it returns. `omitted` counts the completed steps from there on.

    Raises:
        CorruptSessionError: an event on the way cannot be read.
    """
    notes: list[StepNote] = []
    for row in _trail(connection, session_id, node_id):
        completed = None if row.seq is None else _completed(session_id, row)
        if completed is None or completed.notes is None:
            continue
        budget -= len(completed.notes.encode("utf-8"))
        if budget < 0:
            return NotesTrail(tuple(notes), decode_position(row.position).completed)
        notes.append(StepNote(completed.step_id, completed.iteration, completed.notes))
    return NotesTrail(tuple(notes), 0)


def _trail(connection: Connection, session_id: SessionId, node_id: NodeId) -> Iterator[AnyRow]:
    """A node and those before it on its branch, nearest first, fetched some at a time."""
    values = {"session_id": session_id, "most": _TRAIL_AT_ONCE}
    at: int | None = node_id
    while at is not None:
        rows = connection.execute(_TRAIL, {**values, "node": at}).all()
        yield from rows
        at = rows[-1].parent if rows else None


def _completed(session_id: SessionId, row: AnyRow) -> StepCompleted:
    try:
        event = decode(row.kind, row.payload)
    except DamagedRecordError as error:
        raise damaged(session_id, f"event {row.seq}", error) from error
    if isinstance(event, StepCompleted):
        return event
    reason = DamagedRecordError(f"a step is said to be completed by it, and it is {row.kind}")
    raise damaged(session_id, f"event {row.seq}", reason)


def history(connection: Connection, session_id: SessionId) -> Iterator[Link]:
    """The whole log of a session, in order, as its rows hold it.

    Raises:
        SessionNotFoundError: no such session.
    """
    head(connection, session_id)
    for row in connection.execute(_HISTORY, {"session_id": session_id}):
        yield Link(*row)


def unknown_session(session_id: str) -> SessionNotFoundError:
    """The failure to report when a session is not in this store."""
    return SessionNotFoundError(
        f"No session {session_id} in this store. Look for it by its goal, branch or repository, or "
        "check that WORKRAIL_HOME is the one it was made with."
    )


def missing_node(session_id: str, node_id: int) -> CorruptSessionError:
    """The failure to report when a node that must be there is not."""
    return CorruptSessionError(
        f"Session {session_id} has no node {node_id}, though something refers to it. Other sessions "
        f"are not affected. Run `workrail session verify {session_id}` to see all that is wrong."
    )
