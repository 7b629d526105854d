"""How does the store do, as far as it can be seen by looking?"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.health import DrivenNow, StoreHealth
from workrail_engine.projections.listing import Counted
from workrail_engine.store import schema
from workrail_engine.store.database import Database
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.rows import is_a_time, microseconds, rfc3339

MOST_DRIVERS: Final = 50
_LATELY: Final = timedelta(days=1)
_KINDS: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_s, _d, _m = schema.sessions, schema.drivers, schema.mailbox


def health(connection: Connection, database: Database, now: datetime) -> StoreHealth:
    """What can be said of a store of today's schema."""
    dialect = dialect_of(connection)
    first = select(_s.c.created_at).order_by(_s.c.number).limit(1)
    began = connection.execute(first).scalar()
    last = connection.execute(select(func.max(_s.c.updated_at))).scalar()
    unread = select(func.count()).select_from(_m).where(_m.c.acknowledged_at.is_(None))
    return StoreHealth(
        place=database.name,
        kind=_kind(connection),
        schema_version=dialect.version(connection),
        size=_size(connection, database),
        sessions=_by_status(connection),
        events=dialect.about_how_many(connection, schema.events),
        first_at=rfc3339(began) if is_a_time(began) else None,
        last_at=rfc3339(last) if is_a_time(last) else None,
        drivers=_drivers(connection, microseconds(now - _LATELY)),
        unread_messages=connection.execute(unread).scalar_one(),
        proofs=dialect.about_how_many(connection, schema.proofs),
        journal=dialect.journal(connection),
    )


def _kind(connection: Connection) -> str:
    version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    return f"{_KINDS[connection.dialect.name]} {version}".strip()


def _size(connection: Connection, database: Database) -> int:
    """Of a file, with its log of changes."""
    log = Path(f"{database.name}-wal")
    size = dialect_of(connection).size(connection)
    return size + log.stat().st_size if log.exists() else size


def _by_status(connection: Connection) -> tuple[Counted, ...]:
    counts = select(_s.c.status, func.count()).group_by(_s.c.status)
    rows = sorted(connection.execute(counts), key=lambda row: -row[1])
    return tuple(Counted(str(status), count) for status, count in rows)


def _drivers(connection: Connection, begin: int) -> tuple[DrivenNow, ...]:
    """Those heard of after a moment, latest first; each with the session it drove last."""
    who = (_d.c.program, _d.c.host, _d.c.process, _d.c.began_at)
    order = func.row_number().over(partition_by=who, order_by=(_d.c.seen_at.desc(), _d.c.session))
    sessions = func.count().over(partition_by=who)
    heard = (
        select(*who, _d.c.session, _d.c.seen_at, order.label("place"), sessions.label("sessions"))
        .where(_d.c.seen_at > begin)
        .subquery()
    )
    latest = (
        select(*heard.c, _s.c.session_id)
        .join(_s, _s.c.number == heard.c.session)
        .where(heard.c.place == 1)
        .order_by(heard.c.seen_at.desc())
        .limit(MOST_DRIVERS)
    )
    return tuple(
        DrivenNow(
            seen=SeenDriver(
                Driver(row.program, row.host, row.process, row.began_at), rfc3339(row.seen_at)
            ),
            sessions=row.sessions,
            session_id=SessionId(row.session_id),
        )
        for row in connection.execute(latest)
    )
