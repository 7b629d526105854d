"""What was sent to a session, or to the operators, and not yet dealt with?

A message with a key is sent once: whoever sends it again, as after a crash, gets the first one's
number.
"""

from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection, and_, bindparam, select, text, update

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Message
from workrail_engine.store import schema
from workrail_engine.store.journal import number_of
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.record import DamagedRecordError, compact, parse_json
from workrail_engine.store.rows import AnyRow, microseconds, rfc3339

_m, _s = schema.mailbox.c, schema.sessions.c
_MESSAGES: Final = select(
    _m.number, _s.session_id, _m.sender, _m.body, _m.sent_at, _m.acknowledged_at
).select_from(schema.mailbox.outerjoin(schema.sessions, _s.number == _m.session))
_OPERATORS: Final = _MESSAGES.where(_m.session.is_(None), _m.acknowledged_at.is_(None)).order_by(
    _m.number
)
_SESSION: Final = (
    select(_m.number, _s.session_id, _m.sender, _m.body, _m.sent_at, _m.acknowledged_at)
    .select_from(
        schema.sessions.outerjoin(
            schema.mailbox, and_(_m.session == _s.number, _m.acknowledged_at.is_(None))
        )
    )
    .where(_s.session_id == bindparam("session_id"))
    .order_by(_m.number)
)
"""A session without a message is one row without a number: a run asks this before every turn."""
_DEAL_WITH: Final = (
    update(schema.mailbox)
    .where(_m.number == bindparam("which"), _m.acknowledged_at.is_(None))
    .values(acknowledged_at=bindparam("at"))
)
_SEND: Final = text(
    "INSERT INTO mailbox (session, sender, body, sent_at, key)"
    " VALUES (:session, :sender, :body, :sent_at, :key) ON CONFLICT DO NOTHING RETURNING number"
).bindparams(
    bindparam("session", type_=_m.session.type),
    *(bindparam(column.name, type_=column.type) for column in (_m.sender, _m.body, _m.key)),
)


def send(
    connection: Connection, to: SessionId | None, sender: str, body: JsonObject, at: datetime
) -> int:
    """Leave a message; its number, or that of the one with the same `key` in its body.

    Raises:
        SessionNotFoundError: no such session.
    """
    session = None if to is None else number_of(connection, to)
    key = body.get("key")
    message = {
        "session": session,
        "sender": _storable(sender),
        "body": _storable(compact(body)),
        "sent_at": microseconds(at),
        "key": _storable(key) if isinstance(key, str) else None,
    }
    number = connection.execute(_SEND, message).scalar_one_or_none()
    if number is not None:
        return cast("int", number)
    same = select(_m.number).where(_m.session.is_not_distinct_from(session))
    return connection.execute(same.where(_m.key == message["key"])).scalar_one()


def waiting(connection: Connection, to: SessionId | None) -> tuple[Message, ...]:
    """What nobody has dealt with, oldest first.

    Raises:
        SessionNotFoundError: no such session.
    """
    if to is None:
        return tuple(_message(row) for row in connection.execute(_OPERATORS))
    rows = connection.execute(_SESSION, {"session_id": to}).all()
    if not rows:
        raise unknown_session(to)
    return tuple(_message(row) for row in rows if row.number is not None)


def message(connection: Connection, number: int) -> Message | None:
    """One message; None when there is none of this number."""
    row = connection.execute(_MESSAGES.where(_m.number == number)).one_or_none()
    return None if row is None else _message(row)


def acknowledge(connection: Connection, number: int, at: datetime) -> None:
    """Note that a message was dealt with; nothing happens when it was before, or is not there."""
    connection.execute(_DEAL_WITH, {"which": number, "at": microseconds(at)})


def _message(row: AnyRow) -> Message:
    acknowledged = row.acknowledged_at
    return Message(
        number=row.number,
        session_id=None if row.session_id is None else SessionId(row.session_id),
        sender=row.sender,
        body=_body(row.body),
        sent_at=rfc3339(row.sent_at),
        acknowledged_at=None if acknowledged is None else rfc3339(acknowledged),
    )


def _body(stored: str) -> JsonObject:
    """What a message says; nothing where that cannot be read, so that it hides no other message."""
    try:
        body = parse_json(stored, "message")
    except (DamagedRecordError, RecursionError):
        return {}
    return cast("JsonObject", body) if isinstance(body, dict) else {}


def _storable(words: str) -> str:
    """A text without half characters."""
    return words.encode(errors="replace").decode()
