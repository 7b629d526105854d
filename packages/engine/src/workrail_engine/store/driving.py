"""Which processes have driven a session, and when were they last heard of?"""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver
from workrail_engine.store import schema
from workrail_engine.store.rows import microseconds

_d, _s = schema.drivers, schema.sessions


def heard_of(connection: Connection, session_id: SessionId, driver: Driver, at: datetime) -> None:
    """Note that a process drives a session now; nothing happens for an unknown session."""
    number = connection.execute(
        select(_s.c.number).where(_s.c.session_id == session_id)
    ).scalar_one_or_none()
    if number is None:
        return
    who = (
        _d.c.session == number,
        _d.c.program == driver.program,
        _d.c.host == driver.host,
        _d.c.process == driver.process,
    )
    times = {"began_at": driver.began_at, "seen_at": microseconds(at)}
    if connection.execute(update(_d).where(*who).values(**times)).rowcount == 0:
        row = {"program": driver.program, "host": driver.host, "process": driver.process}
        connection.execute(insert(_d).values(session=number, **row, **times))


def drivers_of(connection: Connection, session_id: SessionId) -> tuple[Driver, ...]:
    """Every process that ever drove a session."""
    rows = connection.execute(
        select(_d.c.program, _d.c.host, _d.c.process, _d.c.began_at)
        .join(_s, _s.c.number == _d.c.session)
        .where(_s.c.session_id == session_id)
        .order_by(_d.c.seen_at)
    )
    return tuple(Driver(*row) for row in rows)
