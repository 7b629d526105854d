"""How do old sessions leave the store?

A session goes whole, in one transaction that looks again whether it may; some sessions share a
transaction, so that nobody waits long for one. Children go before their parents. Then the contents
and pinned workflows that nothing names any more are swept, again some at a time. Whoever is stopped
in the middle has removed less; the next run goes on from there. A session that is being driven stays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, delete, exists, func, literal, select

from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId
from workrail_engine.projections.retention import (
    Elder,
    Offspring,
    Removed,
    RetentionAsk,
    removable,
)
from workrail_engine.store import schema
from workrail_engine.store.database import Database
from workrail_engine.store.forgetting import forget, told_again
from workrail_engine.store.rows import microseconds
from workrail_engine.store.said import Said
from workrail_engine.store.unnamed import count_unnamed, sweep_contents, sweep_workflows

_s, _e, _n, _a, _t, _r = (
    schema.sessions,
    schema.events,
    schema.nodes,
    schema.artifacts,
    schema.attempts,
    schema.runs,
)
_SESSIONS_AT_ONCE: Final = 50
_EVENTS_AT_ONCE: Final = 2_000

Told: TypeAlias = Callable[[int, int], None]
"""Told (sessions done, sessions in all) now and then."""


@dataclass(frozen=True)
class _Plan:
    going: tuple[Elder, ...]
    """Children before parents."""
    staying: int
    """Old sessions that stay for one they started."""


def would_remove(database: Database, ask: RetentionAsk, told: Told) -> Removed:
    """Exactly what `remove` would take away now."""
    return database.read(lambda connection: _would_remove(connection, ask, told))


def remove(database: Database, ask: RetentionAsk, told: Told) -> Removed:
    """Take old sessions away, and what only they named."""
    plan = database.read(lambda connection: _planned(connection, ask, frozenset()))
    removed = Removed()
    done = 0
    for batch in _batches(plan.going):
        gone = database.write(lambda connection, batch=batch: _remove(connection, ask, batch))
        removed = _added(removed, gone)
        done += len(batch)
        told(done, len(plan.going))
    contents, size = sweep_contents(database)
    return replace(
        removed,
        contents=contents,
        content_bytes=size,
        workflows=sweep_workflows(database),
        kept_for_children=database.read(
            lambda connection: _planned(connection, ask, frozenset(removed.kept_damaged))
        ).staying,
    )


def _would_remove(connection: Connection, ask: RetentionAsk, told: Told) -> Removed:
    plan = _planned(connection, ask, frozenset())
    damaged: set[SessionId] = set()
    for done, elder in enumerate(plan.going, start=1):
        if _told_again(connection, elder) is None:
            damaged.add(elder.session_id)
        if done % _SESSIONS_AT_ONCE == 0 or done == len(plan.going):
            told(done, len(plan.going))
    if damaged:
        plan = _planned(connection, ask, frozenset(damaged))
    numbers = frozenset(elder.number for elder in plan.going)
    return replace(
        count_unnamed(connection, numbers),
        sessions=len(plan.going),
        events=sum(elder.events for elder in plan.going),
        artifacts=_count_artifacts(connection, numbers),
        kept_for_children=plan.staying,
        kept_damaged=tuple(sorted(damaged)),
    )


def _added(one: Removed, other: Removed) -> Removed:
    return Removed(
        sessions=one.sessions + other.sessions,
        events=one.events + other.events,
        artifacts=one.artifacts + other.artifacts,
        kept_damaged=tuple(sorted({*one.kept_damaged, *other.kept_damaged})),
    )


def _planned(connection: Connection, ask: RetentionAsk, damaged: frozenset[SessionId]) -> _Plan:
    elders = [elder for elder in _elders(connection, ask) if elder.session_id not in damaged]
    going = removable(elders, _offspring(connection, ask, None), parents=ask.parents)
    newest_first = sorted(going.values(), key=lambda elder: -elder.number)
    return _Plan(tuple(newest_first), len(elders) - len(going))


def _elders(
    connection: Connection, ask: RetentionAsk, numbers: Sequence[int] | None = None
) -> list[Elder]:
    driven = exists().where(_r.c.session == _s.c.number, _r.c.state == "running")
    conditions: list[ColumnElement[bool]] = [_is_old(ask), ~driven]
    if ask.which == "completed":
        conditions.append(_s.c.status == "completed")
    if numbers is not None:
        conditions.append(_s.c.number.in_(numbers))
    columns = (_s.c.number, _s.c.session_id, _s.c.event_count)
    rows = connection.execute(select(*columns).where(*conditions))
    return [Elder(row.number, SessionId(row.session_id), row.event_count) for row in rows]


def _offspring(
    connection: Connection, ask: RetentionAsk, parents: Sequence[SessionId] | None
) -> list[Offspring]:
    of = _s.c.parent_session_id
    conditions = [of.is_not(None)] if parents is None else [of.in_(parents)]
    columns = (_s.c.session_id, of, _is_old(ask).label("old"))
    rows = connection.execute(select(*columns).where(*conditions))
    return [Offspring(SessionId(row[0]), SessionId(row[1]), old=bool(row.old)) for row in rows]


def _is_old(ask: RetentionAsk) -> ColumnElement[bool]:
    return _s.c.updated_at < literal(microseconds(ask.unchanged_since), _s.c.updated_at.type)


def _batches(going: Sequence[Elder]) -> Iterator[list[Elder]]:
    batch: list[Elder] = []
    for elder in going:
        full = sum(one.events for one in batch) + elder.events > _EVENTS_AT_ONCE
        if batch and (full or len(batch) == _SESSIONS_AT_ONCE):
            yield batch
            batch = []
        batch.append(elder)
    if batch:
        yield batch


def _remove(connection: Connection, ask: RetentionAsk, batch: Sequence[Elder]) -> Removed:
    """Take away those of some sessions that may still go. Done again, it finds nothing to do."""
    numbers = [elder.number for elder in batch]
    locked = select(_s.c.number).where(_s.c.number.in_(numbers)).order_by(_s.c.number)
    connection.execute(locked.with_for_update())
    learnt = {
        elder.session_id: (elder, said)
        for elder in _elders(connection, ask, numbers)
        for said in [_told_again(connection, elder)]
    }
    readable = [elder for elder, said in learnt.values() if said is not None]
    family = _offspring(connection, ask, [elder.session_id for elder in readable])
    going = removable(readable, family, parents=ask.parents)
    for session_id in going:
        forget(connection, learnt[session_id][1] or ())
    gone = [elder.number for elder in going.values()]
    artifacts = _count_artifacts(connection, frozenset(gone))
    for table in (_t, _a, _n, _e):
        connection.execute(delete(table).where(table.c.session.in_(gone)))
    connection.execute(delete(_s).where(_s.c.number.in_(gone)))
    return Removed(
        sessions=len(gone),
        events=sum(elder.events for elder in going.values()),
        artifacts=artifacts,
        kept_damaged=tuple(sorted(key for key, (_, said) in learnt.items() if said is None)),
    )


def _told_again(connection: Connection, elder: Elder) -> list[tuple[int, Said]] | None:
    """What a session says; None when that cannot be told any more."""
    try:
        return told_again(connection, elder.number)
    except CorruptSessionError:
        return None


def _count_artifacts(connection: Connection, numbers: frozenset[int]) -> int:
    some = sorted(numbers)
    return sum(
        connection.execute(
            select(func.count()).select_from(_a).where(_a.c.session.in_(some[at : at + 500]))
        ).scalar_one()
        for at in range(0, len(some), 500)
    )
