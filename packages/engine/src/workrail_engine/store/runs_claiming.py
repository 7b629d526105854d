"""Which run is worked on next, and by whom?

Taking over is claiming: runs that are queued and due, parked ones whose rest is over, and running ones
whose lease has ended are one question. One run a transaction: the lanes are kept by an index, and a
claim that meets another in its lane is undone by it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Claim
from workrail_engine.session.lease import Lease
from workrail_engine.store import schema
from workrail_engine.store.dialect import Dialect, dialect_of
from workrail_engine.store.rows import AnyRow
from workrail_engine.store.runs_rows import POISON, RUN, SECOND, SUSPECT, awake, order_of

_r, _s = schema.runs.c, schema.sessions.c
_other = schema.runs.alias("other")
_LOST: Final = _r.crashes + case((_r.state == "running", 1), else_=0)
"""Crashes, with the one that shows in a lease that ended."""
_SINCE: Final = case((_r.state == "queued", _r.ready_at), else_=_r.taken_at)
ORDER: Final = (_r.priority.desc(), _SINCE, _r.session)
_NEXT: Final = RUN.add_columns(_LOST.label("lost")).order_by(*ORDER).limit(1)


@dataclass(frozen=True)
class Unfit:
    """The next run is not to be driven as it stands; `put_aside` has it."""

    session_id: SessionId


def claim(
    connection: Connection, worker: str, ttl: float, here: int, only: SessionId | None = None
) -> Claim | Unfit | None:
    """Take a run up: the next one, or a certain one if it can be had.

    One that lost two
    drivers is driven alone: it waits until the worker drives nothing else, and the worker waits for it.

    Args:
        connection: to the database, in a transaction.
        worker: `host:process` who drives it.
        ttl: seconds the lease lasts without a heartbeat.
        here: the time as this process takes it, in microseconds since 1970.
        only: this one or none.

    Raises:
        ConflictError: another worker was faster with a run of the same lane.
    """
    now = dialect_of(connection).now(connection, here)
    wanted = ready_at(now) if only is None else and_(ready_at(now), _s.session_id == only)
    statement = _NEXT.where(wanted).with_for_update(of=schema.runs, skip_locked=True)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    if row.lost >= POISON or row.wish is not None:
        return Unfit(SessionId(row.session_id))
    if not _may_drive(connection, worker, row.lost, now):
        return None
    return _take(connection, row, worker, now, now + round(ttl * SECOND))


def any_ready(connection: Connection, here: int) -> bool:
    """Whether `claim` may find one; locks nothing, and is asked several times a second."""
    statement = _any_ready(dialect_of(connection))
    return connection.execute(statement, {"here": here}).first() is not None


@cache
def _any_ready(dialect: Dialect) -> Select[*tuple[Any, ...]]:
    """Built once: building it costs more than asking."""
    return select(_r.session).where(ready_at(dialect.present())).limit(1)


def ready_at(now: int | ColumnElement[int]) -> ColumnElement[bool]:
    """A condition on `runs`: it can be claimed."""
    in_lane = exists().where(
        _other.c.lane == _r.lane, _other.c.state == "running", _other.c.session != _r.session
    )
    return and_(
        or_(
            and_(_r.state == "queued", _r.ready_at <= now),
            and_(_r.state == "running", _r.lease_until < now),
            and_(_r.state == "parked", awake(now)),
        ),
        or_(_r.lane.is_(None), ~in_lane),
    )


def _may_drive(connection: Connection, worker: str, crashes: int, now: int) -> bool:
    """Whether a run and those the worker drives already may be driven side by side."""
    driven = select(func.count(), func.max(_r.crashes)).where(
        _r.state == "running", _r.worker == worker, _r.lease_until >= now
    )
    count, worst = connection.execute(driven).one()
    return not count or (crashes < SUSPECT and (worst or 0) < SUSPECT)


def _take(connection: Connection, row: AnyRow, worker: str, now: int, until: int) -> Claim:
    driven = min(now, row.lease_until) - row.taken_at if row.state == "running" else 0
    values: dict[str, Any] = {
        "state": "running",
        "worker": worker,
        "epoch": row.epoch + 1,
        "lease_until": until,
        "crashes": row.lost,
        "rest": None,
        "said": None,
        "doing": None,
        "doing_since": None,
        "began_at": row.began_at or now,
        "taken_at": now,
        "worked": row.worked + max(0, driven),
    }
    connection.execute(update(schema.runs).where(_r.session == row.session).values(**values))
    lease = Lease(SessionId(row.session_id), worker, row.epoch + 1)
    return Claim(lease, order_of(row), row.lost)
