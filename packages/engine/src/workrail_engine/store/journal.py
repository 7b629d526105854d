"""How do the facts of an unattended run join the log, once each?

One transaction a call. It locks the session and then the run, so that others may have written in
between without anything being decided again. A fact whose key is there already is not written: the
first writer wins, and who comes second is told what is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from workrail_engine.agent_events import (
    AGENT_EVENTS,
    AgentEvent,
    Content,
    Noticed,
    ToolFinished,
    TurnTaken,
    contents_of,
    key_of,
)
from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import SessionId
from workrail_engine.session.lease import Lease
from workrail_engine.store import schema
from workrail_engine.store.chain import Link, linked, raw
from workrail_engine.store.codec import decode, encode, kind_of
from workrail_engine.store.contents import (
    PackedBlob,
    keep_packed,
    packed_blob,
    there,
    unless_there,
)
from workrail_engine.store.database import Database
from workrail_engine.store.leases import held
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.rows import AnyRow, damaged, microseconds

_s, _e, _r = schema.sessions, schema.events, schema.runs

_PLACE: Final = (
    select(_s.c.number, _s.c.session_id, _s.c.event_count, _s.c.head_hash, _s.c.updated_at)
    .where(_s.c.session_id == bindparam("session_id"))
    .with_for_update()
)
_NUMBER: Final = select(_s.c.number).where(_s.c.session_id == bindparam("session_id"))
_KEYED: Final = select(_e.c.key, _e.c.seq, _e.c.kind, _e.c.payload).where(
    _e.c.session == bindparam("session"), _e.c.key.in_(bindparam("keys", expanding=True))
)
_SAME: Final = select(_e.c.at, _e.c.prev_hash, _e.c.payload).where(
    _e.c.session == bindparam("session"), _e.c.seq == bindparam("seq")
)
_GROW: Final = (
    update(_s)
    .where(_s.c.number == bindparam("of_session"))
    .values(
        event_count=bindparam("events"), head_hash=bindparam("head"), updated_at=bindparam("at")
    )
)
_SPEND: Final = (
    update(_r)
    .where(_r.c.session == bindparam("of_session"))
    .values(
        crashes=0,
        turns=_r.c.turns + bindparam("more_turns"),
        input_tokens=_r.c.input_tokens + bindparam("more_input"),
        output_tokens=_r.c.output_tokens + bindparam("more_output"),
        cost=_r.c.cost + bindparam("more_cost"),
    )
)
_NAME: Final = unless_there(schema.journal_contents)


@dataclass(frozen=True)
class Facts:
    """What is to be recorded, made ready before a transaction waits for it."""

    events: tuple[AgentEvent, ...]
    blobs: Mapping[bytes, PackedBlob]
    """What they name, by digest; the rest lies in the store."""
    lost: bool = False
    """Whether some of it may be lost for good."""


@dataclass(frozen=True)
class Kept:
    """What recording some facts came to."""

    events: tuple[AgentEvent, ...]
    """As they are in the log, in the order given."""
    session: int
    new: tuple[AgentEvent, ...]
    """Those that were not there."""
    links: tuple[Link, ...]
    """The new ones as they were written."""


def facts(events: Sequence[AgentEvent], contents: Sequence[bytes] = ()) -> Facts:
    """Events and the bytes they name, ready to be recorded; unstorable characters become `?`."""
    blobs = (packed_blob(content) for content in contents)
    return Facts(tuple(map(_storable, events)), {blob.digest: blob for blob in blobs})


def append(database: Database, lease: Lease, given: Facts, at: datetime) -> tuple[AgentEvent, ...]:
    """Record what the holder of a lease found; see `engine.journal.append`.

    When the connection broke, the transaction is done anew; if it had been kept after all, its first
    row says so, and nothing is written twice.
    """
    tries: list[Kept] = []

    def once(connection: Connection) -> Kept:
        place = locked(connection, lease.session_id)
        crashes = held(connection, place.number, lease)
        if tries and _was_kept(connection, tries[-1]):
            return tries[-1]
        tries.append(record(connection, place, given, at))
        turns = [event for event in tries[-1].new if isinstance(event, TurnTaken)]
        gets_on = any(isinstance(event, TurnTaken | ToolFinished) for event in tries[-1].new)
        if turns or (crashes and gets_on):  # to be taken up again is no progress
            _spend(connection, place.number, turns)
        return tries[-1]

    return database.write(once).events


def note(database: Database, session_id: SessionId, given: Noticed, at: datetime) -> None:
    """Record an incident of a session, whoever drives it.

    Raises:
        SessionNotFoundError: no such session.
    """
    ready = facts([given])
    tries: list[Kept] = []

    def once(connection: Connection) -> None:
        place = locked(connection, session_id)
        if not tries or not _was_kept(connection, tries[-1]):
            tries.append(record(connection, place, ready, at))

    database.write(once)


def locked(connection: Connection, session_id: SessionId) -> AnyRow:
    """Where a session's log ends; nobody else writes to it until this transaction is over.

    Raises:
        SessionNotFoundError: no such session.
    """
    place = connection.execute(_PLACE, {"session_id": session_id}).one_or_none()
    if place is None:
        raise unknown_session(session_id)
    return place


def record(connection: Connection, place: AnyRow, given: Facts, at: datetime) -> Kept:
    """Record facts within a transaction that has begun.

    Args:
        connection: that writes.
        place: where the session's log ends, from `locked`.
        given: what is to be recorded.
        at: when.
    """
    known = _known(connection, place, given.events)
    events: list[AgentEvent] = []
    new: list[AgentEvent] = []
    for event in given.events:
        key = key_of(event)
        if key is None or key not in known:
            new.append(event)
        events.append(event if key is None else known.setdefault(key, event))
    now = max(microseconds(at), place.updated_at)
    links, head = linked(new, now, place.event_count, place.head_hash)
    if links:
        _keep_contents(connection, place.number, new, given)
        rows = [
            {"session": place.number, "key": key_of(event), **vars(link)}
            for event, link in zip(new, links, strict=True)
        ]
        connection.execute(insert(_e), rows)
        grown = {"events": place.event_count + len(links), "head": head, "at": now}
        connection.execute(_GROW, {"of_session": place.number, **grown})
    return Kept(tuple(events), place.number, tuple(new), tuple(links))


def number_of(connection: Connection, session_id: SessionId) -> int:
    """The number of a session.

    Raises:
        SessionNotFoundError: no such session.
    """
    number = connection.execute(_NUMBER, {"session_id": session_id}).scalar_one_or_none()
    if number is None:
        raise unknown_session(session_id)
    return number


def fact_in(row: AnyRow, session_id: str) -> AgentEvent:
    """The fact a row of the log holds, from its place, kind and payload.

    Raises:
        CorruptSessionError: it cannot be read, or is none.
    """
    try:
        return _fact(row.kind, row.payload)
    except DamagedRecordError as error:
        raise damaged(session_id, f"event {row.seq}", error) from error


def _storable(event: AgentEvent) -> AgentEvent:
    text = encode(event)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, as models and programs write now and then
        return _fact(kind_of(event), text.encode(errors="replace").decode())
    return event


def _known(
    connection: Connection, place: AnyRow, events: Sequence[AgentEvent]
) -> dict[str, AgentEvent]:
    """The facts that are kept under the keys of some."""
    keys = [key for key in map(key_of, events) if key is not None]
    if not keys:
        return {}
    rows = connection.execute(_KEYED, {"session": place.number, "keys": keys})
    return {row.key: fact_in(row, place.session_id) for row in rows}


def _fact(kind: str, payload: str) -> AgentEvent:
    event = decode(kind, payload)
    if isinstance(event, AGENT_EVENTS):
        return event
    message = f"it should be a fact of a run, and is {kind}"
    raise DamagedRecordError(message)


def _keep_contents(
    connection: Connection, session: int, new: Sequence[AgentEvent], given: Facts
) -> None:
    named = {raw(one.digest): one for event in new for one in contents_of(event)}
    if not named:
        return
    keep_packed(connection, [given.blobs[digest] for digest in named if digest in given.blobs])
    elsewhere = [digest for digest in named if digest not in given.blobs]
    if elsewhere and not given.lost:
        lacking = set(elsewhere) - there(connection, elsewhere)
        if lacking:
            raise _nowhere(named[min(lacking)])
    rows = [{"session": session, "digest": digest} for digest in sorted(named)]
    connection.execute(_NAME, rows)


def _nowhere(content: Content) -> InvalidInputError:
    return InvalidInputError(
        f"A fact names the content {content.digest}, which was not given with it and is not in the "
        "store. Nothing was recorded. Give the bytes of what the events name."
    )


def _spend(connection: Connection, session: int, turns: Sequence[TurnTaken]) -> None:
    """Add what turns used to the run, which is getting on: no crash before this counts any more."""
    usage = [turn.usage for turn in turns]
    more = {
        "more_turns": len(turns),
        "more_input": sum(one.input + one.cache_read + one.cache_write for one in usage),
        "more_output": sum(one.output for one in usage),
        "more_cost": sum(turn.cost or 0 for turn in turns),
    }
    connection.execute(_SPEND, {"of_session": session, **more})


def _was_kept(connection: Connection, kept: Kept) -> bool:
    """Whether an earlier try got through after all: its first row is then in the log."""
    if not kept.links:
        return False
    first = kept.links[0]
    row = connection.execute(_SAME, {"session": kept.session, "seq": first.seq}).one_or_none()
    return row is not None and tuple(row) == (first.at, first.prev_hash, first.payload)
