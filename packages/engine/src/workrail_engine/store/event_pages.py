"""What does a part of a session's log hold, line by line, whatever it holds?

Each line is held against what the next one, or at the end the session's row, has recorded of it. A
line that cannot be read, or was changed, says so and hides no other.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Connection, Select, func, select

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import StoreDamagedError
from workrail_engine.ids import SessionId
from workrail_engine.projections.event_page import EventLine, EventPage
from workrail_engine.projections.link import Link, spelled
from workrail_engine.store import schema
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import AnyRow, rfc3339
from workrail_engine.store.stored_bytes import stored_bytes
from workrail_engine.store.verify import decoded

_s, _e = schema.sessions.c, schema.events.c
_next = schema.events.alias("following")
_UNREADABLE: Final = "unreadable"


@dataclass(frozen=True)
class _Log:
    number: int
    events: int
    head_hash: bytes


@dataclass(frozen=True)
class Asked:
    """Which lines are wanted; None leaves a condition out."""

    after: int
    """Only those behind this place."""
    limit: int
    kind: str | None
    node: int | None
    """The node they are about."""


def event_page(connection: Connection, session_id: SessionId, asked: Asked) -> EventPage:
    """Some lines of a log.

    Raises:
        SessionNotFoundError: no such session.
    """
    columns = (_s.number, _s.event_count, _s.head_hash)
    row = connection.execute(select(*columns).where(_s.session_id == session_id)).one_or_none()
    if row is None:
        raise unknown_session(session_id)
    log = _Log(*row)
    try:
        with noticing_damage():
            kinds = _kinds(connection, log)
            lines = _lines(connection, log, asked)
    except StoreDamagedError:
        kinds, lines = {}, _one_by_one(connection, log, asked)
    shown = lines[: asked.limit]
    return EventPage(
        lines=tuple(shown),
        total=sum(kinds.values()) if kinds else log.events,
        kinds=kinds,
        next_after=shown[-1].seq if len(lines) > len(shown) else None,
    )


def _kinds(connection: Connection, log: _Log) -> dict[str, int]:
    statement = (
        select(_e.kind, func.count().label("events"))
        .where(_e.session == log.number)
        .group_by(_e.kind)
        .order_by(_e.kind)
    )
    return {row.kind: row.events for row in connection.execute(statement)}


def _lines(connection: Connection, log: _Log, asked: Asked) -> list[EventLine]:
    """The lines of a page, and one more where there are more."""
    conditions = [_e.seq > asked.after]
    if asked.kind is not None:
        conditions.append(_e.kind == asked.kind)
    if asked.node is not None:
        conditions.append(_e.node == asked.node)
    statement = _rows(log, conditions).limit(asked.limit + 1)
    return [_line(log, row) for row in connection.execute(statement)]


def _one_by_one(connection: Connection, log: _Log, asked: Asked) -> list[EventLine]:
    """The same where a part of the file cannot be read: what lies there is told by its place."""
    lines: list[EventLine] = []
    for seq in range(asked.after + 1, log.events + 1):
        line = _alone(connection, log, seq)
        fits = (asked.kind in (None, line.kind), asked.node in (None, line.node))
        if all(fits) or line.kind == _UNREADABLE:
            lines.append(line)
        if len(lines) > asked.limit:
            break
    return lines


def _alone(connection: Connection, log: _Log, seq: int) -> EventLine:
    try:
        with noticing_damage():
            row = connection.execute(_rows(log, [_e.seq == seq])).one_or_none()
    except StoreDamagedError as damage:
        problem = f"the file is damaged where this event lies: {damage}"
        return EventLine(seq, _UNREADABLE, None, "", None, problem, "")
    if row is None:
        return EventLine(seq, _UNREADABLE, None, "", None, "this event is missing", "")
    return _line(log, row)


def _rows(log: _Log, conditions: list[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    payload = stored_bytes(_e.payload).label("payload")
    following = (_next.c.session == _e.session) & (_next.c.seq == _e.seq + 1)
    return (
        select(
            _e.seq,
            _e.kind,
            _e.node,
            _e.at,
            _e.prev_hash,
            payload,
            _next.c.prev_hash.label("recorded"),
        )
        .select_from(schema.events.outerjoin(_next, following))
        .where(_e.session == log.number, *conditions)
        .order_by(_e.seq)
    )


def _line(log: _Log, row: AnyRow) -> EventLine:
    text = bytes(row.payload).decode("utf-8", errors="surrogateescape")
    link = Link(row.seq, row.kind, row.node, row.at, row.prev_hash, text)
    recorded = log.head_hash if row.seq == log.events else row.recorded
    digest = link.hash()
    payload = _object(text)
    problem = next(_problems(link, payload, digest, recorded), None)
    return EventLine(
        seq=row.seq,
        kind=row.kind,
        node=row.node,
        at=rfc3339(row.at),
        payload=payload,
        problem=problem,
        hash=spelled(recorded or digest),
    )


def _problems(
    link: Link, payload: JsonObject | None, digest: bytes, recorded: bytes | None
) -> Iterator[str]:
    if payload is None:
        yield "its content is not a JSON object that can be shown"
    try:
        decoded(link)
    except DamagedRecordError as error:
        yield str(error)
    if recorded is not None and recorded != digest:
        yield "it was changed: another hash of it is recorded behind it"


def _object(text: str) -> JsonObject | None:
    """A JSON object that can be written down again; None for any other text."""
    try:
        held: object = json.loads(text, parse_constant=_refused)
        if not isinstance(held, dict):
            return None
        if not text.isascii() or "\\u" in text:
            json.dumps(held, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", held)


def _refused(constant: str) -> object:
    raise ValueError(constant)
