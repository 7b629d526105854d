"""How does one command become durable?

One transaction of a fixed number of statements, whatever the length of the session. Two guards stand
in it: the session must have as many events as the decision was taken on, and the attempt must not be
used. An unattended driver must hold the session's lease besides. If one fails nothing is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from workrail_engine.errors import ConflictError
from workrail_engine.ids import Handle
from workrail_engine.ports import AttemptUse, Change
from workrail_engine.session.events import SessionStarted, StepCompleted
from workrail_engine.store import schema
from workrail_engine.store.chain import NO_HASH, Link, linked, raw
from workrail_engine.store.codec import encode
from workrail_engine.store.contents import is_pinned, keep_blobs, pin, read_blobs
from workrail_engine.store.database import Database
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.findable import findable, named_contents, place_of_speech
from workrail_engine.store.leases import held
from workrail_engine.store.parts import shown
from workrail_engine.store.proofs import keep_proofs
from workrail_engine.store.rows import microseconds, node_values

_FIND = (
    select(
        schema.sessions.c.number,
        schema.sessions.c.event_count,
        schema.sessions.c.attempt_count,
        schema.sessions.c.head_hash,
        schema.sessions.c.last_node,
        schema.sessions.c.updated_at,
    )
    .where(schema.sessions.c.session_id == bindparam("session_id"))
    .with_for_update()
)
"""Locks the row where the database locks rows; SQLite's writers have the file to themselves."""

_PAYLOADS = (
    select(schema.events.c.payload)
    .where(
        schema.events.c.session == bindparam("session"),
        schema.events.c.seq.between(bindparam("first"), bindparam("last")),
    )
    .order_by(schema.events.c.seq)
)
_HANDLES = select(schema.attempts.c.handle).where(
    schema.attempts.c.session == bindparam("session"),
    schema.attempts.c.handle.in_(bindparam("handles", expanding=True)),
)
_CREATE = insert(schema.sessions).returning(schema.sessions.c.number)
_MOVE = (
    update(schema.sessions)
    .where(
        schema.sessions.c.number == bindparam("moved"),
        schema.sessions.c.event_count == bindparam("expected"),
    )
    .values(
        {
            column: bindparam(f"new_{column.name}")
            for column in (
                schema.sessions.c.status,
                schema.sessions.c.step_title,
                schema.sessions.c.steps_completed,
                schema.sessions.c.tip,
                schema.sessions.c.last_node,
                schema.sessions.c.event_count,
                schema.sessions.c.attempt_count,
                schema.sessions.c.head_hash,
                schema.sessions.c.updated_at,
            )
        }
    )
)

_USE = (
    update(schema.attempts)
    .where(
        schema.attempts.c.handle == bindparam("used"),
        schema.attempts.c.outcome_node.is_(None),
    )
    .values(payload_digest=bindparam("digest"), outcome_node=bindparam("outcome"))
)

_ADOPT = (
    update(schema.nodes)
    .where(
        schema.nodes.c.session == bindparam("of_session"),
        schema.nodes.c.node == bindparam("of_node"),
    )
    .values(children=schema.nodes.c.children + 1)
)


@dataclass(frozen=True)
class _Place:
    """Where in the database a session stands before a change."""

    number: int
    events: int
    attempts: int
    last_node: int
    head_hash: bytes
    updated_at: int = 0


def commit(database: Database, change: Change) -> None:
    """Write a change in a transaction of its own.

    When the connection broke, the transaction is done anew; if it had been kept after all, its rows
    say so, and it is not done twice.

    Raises:
        ConflictError: the session has moved, or the attempt is used; nothing was written.
        LeaseLostError: another driver holds the session's lease; nothing was written.
        StoreUnavailableError: the database refused, or does not answer any more.
    """
    tries: list[int] = []

    def once(connection: Connection) -> None:
        tries.append(len(tries))
        if len(tries) == 1 or not recorded(connection, change):
            write(connection, change)

    try:
        database.write(once)
    except ConflictError:
        # One that was still being kept when it was looked for may be what stood in the way.
        if len(tries) == 1 or not database.write(lambda connection: recorded(connection, change)):
            raise


def recorded(connection: Connection, change: Change) -> bool:
    """Whether exactly this change was written; waits for whoever is writing to the session now."""
    place = connection.execute(_FIND, {"session_id": change.session_id}).one_or_none()
    last = change.expected_events + len(change.events)
    if place is None or place.event_count < last:
        return False
    of_log = {"session": place.number, "first": change.expected_events + 1, "last": last}
    payloads = connection.execute(_PAYLOADS, of_log).scalars().all()
    handles = [attempt.handle for attempt in change.attempts]
    known = connection.execute(_HANDLES, {"session": place.number, "handles": handles}).scalars()
    return payloads == [encode(event) for event in change.events] and set(known) == set(handles)


def write(connection: Connection, change: Change) -> None:
    """Write a change within a transaction that has begun.

    Raises:
        ConflictError: the session has moved, or the attempt is used.
        LeaseLostError: the change is of a driver that holds the session's lease no more.
    """
    at = microseconds(change.at)
    if change.expected_events == 0:
        place, links = _create(connection, change, at)
    else:
        place = _find(connection, change)
        if change.lease is not None:
            held(connection, place.number, change.lease)
        at = max(at, place.updated_at)  # a clock set back must not turn the log around
        links, head_hash = linked(change.events, at, place.events, place.head_hash)
        if change.used is not None:
            _use(connection, *change.used)
        moved = _progress(change, place, at, head_hash)
        guards = {"moved": place.number, "expected": change.expected_events}
        values = {f"new_{name}": value for name, value in moved.items()}
        if connection.execute(_MOVE, guards | values).rowcount == 0:
            raise _moved(change, place.events)
    _append(connection, place.number, links)
    _reach(connection, change, place, links)
    _open_attempts(connection, change, place)
    keep_blobs(connection, change.blobs)
    _list_artifacts(connection, change, place)
    keep_proofs(connection, place.number, at, change)
    _index(connection, change, place, links)


def _create(connection: Connection, change: Change, at: int) -> tuple[_Place, list[Link]]:
    started = change.events[0]
    if not isinstance(started, SessionStarted):
        message = f"A change that creates {change.session_id} must begin with its start."
        raise TypeError(message)
    if change.document is not None and not is_pinned(connection, started.workflow_hash):
        pin(connection, started.workflow_hash, change.document)
    links, head_hash = linked(change.events, at, 0, NO_HASH)
    blank = _Place(number=0, events=0, attempts=0, last_node=0, head_hash=NO_HASH)
    row = {
        "session_id": change.session_id,
        "workflow_id": started.workflow_id,
        "workflow_hash": raw(started.workflow_hash),
        "goal": started.goal,
        "origin": started.origin,
        "parent_session_id": started.parent_session_id,
        "workspace_path": started.workspace.path,
        "repository": started.workspace.repository,
        "branch": started.workspace.branch,
        "created_at": at,
        **_progress(change, blank, at, head_hash),
    }
    number = connection.execute(_CREATE, row).scalar_one()
    line = schema.search_row(number, schema.LINE)
    dialect_of(connection).index(connection, line, shown(started))
    return _Place(number, 0, 0, 0, NO_HASH), links


def _find(connection: Connection, change: Change) -> _Place:
    row = connection.execute(_FIND, {"session_id": change.session_id}).one_or_none()
    if row is None:
        raise _moved(change, 0)
    return _Place(
        row.number,
        row.event_count,
        row.attempt_count,
        row.last_node,
        row.head_hash,
        row.updated_at,
    )


def _progress(change: Change, place: _Place, at: int, head_hash: bytes) -> dict[str, Any]:
    return {
        "status": change.status,
        "step_title": change.step_title,
        "steps_completed": change.steps_completed,
        "tip": change.tip,
        "last_node": max((place.last_node, *(node.node_id for node in change.nodes))),
        "event_count": place.events + len(change.events),
        "attempt_count": place.attempts + len(change.attempts),
        "head_hash": head_hash,
        "updated_at": at,
    }


def _use(connection: Connection, handle: Handle, use: AttemptUse) -> None:
    values = {"used": handle, "digest": raw(use.payload_digest), "outcome": use.outcome_node}
    if connection.execute(_USE, values).rowcount == 0:
        message = "This attempt was used meanwhile. Nothing was recorded; read it again."
        raise ConflictError(message)


def _append(connection: Connection, number: int, links: Sequence[Link]) -> None:
    rows = [{"session": number, **vars(link)} for link in links]
    if rows:
        connection.execute(insert(schema.events), rows)


def _reach(connection: Connection, change: Change, place: _Place, links: Sequence[Link]) -> None:
    arrival = next(
        (
            link.seq
            for link, event in zip(links, change.events, strict=True)
            if isinstance(event, StepCompleted)
        ),
        None,
    )
    rows = [
        {
            "session": place.number,
            "title": change.node_title,
            "arrival": arrival,
            **node_values(node),
        }
        for node in change.nodes
    ]
    if rows:
        connection.execute(insert(schema.nodes), rows)
    adopted = [
        {"of_session": place.number, "of_node": node.parent}
        for node in change.nodes
        if node.parent is not None and node.kind != "checkpoint"
    ]
    if adopted:
        connection.execute(_ADOPT, adopted)


def _open_attempts(connection: Connection, change: Change, place: _Place) -> None:
    rows = [
        {
            "handle": attempt.handle,
            "session": place.number,
            "node": attempt.node_id,
            "number": place.attempts + order,
        }
        for order, attempt in enumerate(change.attempts, start=1)
    ]
    if rows:
        connection.execute(insert(schema.attempts), rows)


def _list_artifacts(connection: Connection, change: Change, place: _Place) -> None:
    rows = [
        {
            "session": place.number,
            "node": artifact.node_id,
            "step_id": artifact.step_id,
            "kind": artifact.ref.kind,
            "digest": raw(artifact.ref.digest),
            "size": artifact.ref.size,
            "assessment_id": artifact.ref.assessment_id,
            "accepted": int(artifact.accepted),
        }
        for artifact in change.artifacts
    ]
    if rows:
        connection.execute(insert(schema.artifacts), rows)


def _index(connection: Connection, change: Change, place: _Place, links: Sequence[Link]) -> None:
    """Make what this change says findable: at most one row, at the event that says it."""
    contents = {blob.digest: blob.data for blob in change.blobs}
    kept = [digest for digest in named_contents(change.events) if digest not in contents]
    if kept:  # from a blocked attempt
        contents |= read_blobs(connection, kept)
    said = findable(change.events, change.node_title, contents)
    if said is not None:
        speech = links[place_of_speech(change.events)]
        place_of_row = schema.search_row(place.number, speech.seq)
        dialect_of(connection).index(connection, place_of_row, said)


def _moved(change: Change, found: int) -> ConflictError:
    return ConflictError(
        f"Session {change.session_id} has {found} events, not the {change.expected_events} this was "
        "decided on. Nothing was recorded; read it again."
    )
