"""What is ordered, and what do operators want of it?

The row of a run is all of its state beside the log. Ordering is idempotent while the run is not over;
an ended one is queued anew by the next order.
"""

from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder, Wish
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.journal import number_of
from workrail_engine.store.record import compact
from workrail_engine.store.runs_ending import NOBODY, heed
from workrail_engine.store.runs_rows import SECOND

_r = schema.runs.c
_UNSPENT: Final = dict.fromkeys(("turns", "input_tokens", "output_tokens", "cost", "worked"), 0)
_BLANK: Final = {
    **dict.fromkeys(("worker", "rest", "wish", "outcome", "said", "ended_at")),
    **NOBODY,
    "crashes": 0,
}


def order(connection: Connection, ordered: RunOrder, here: int) -> bool:
    """Have a session driven; whether that is news.

    Args:
        connection: to the database, in a transaction.
        ordered: what is to be done; its options are not looked at.
        here: the time as this process takes it, in microseconds since 1970.

    Raises:
        SessionNotFoundError: the session, or the parent, is not in this store.
        ConflictError: someone else ordered it just now.
    """
    number = number_of(connection, ordered.session_id)
    parent = None if ordered.parent is None else number_of(connection, ordered.parent)
    now = dialect_of(connection).now(connection, here)
    values: dict[str, Any] = {
        "state": "queued",
        "priority": ordered.priority,
        "lane": ordered.lane,
        "ordered_at": now,
        "ready_at": now + round(ordered.delay * SECOND),
        "parent": parent,
        "depth": ordered.depth,
        "options": compact(ordered.options),
        **_BLANK,
    }
    locked = select(_r.state).where(_r.session == number).with_for_update()
    state = connection.execute(locked).scalar_one_or_none()
    if state is None:
        connection.execute(
            insert(schema.runs).values(session=number, epoch=0, **_UNSPENT, **values)
        )
        return True
    if state != "ended":
        return False
    connection.execute(update(schema.runs).where(_r.session == number).values(**values))
    return True


def wake(connection: Connection, session_id: SessionId, here: int) -> bool:
    """Have a parked run go on, and take back a wish to pause; whether there was anything to do."""
    number = number_of(connection, session_id)
    now = dialect_of(connection).now(connection, here)
    of_run = update(schema.runs).where(_r.session == number)
    rises = of_run.where(_r.state == "parked").values(state="queued", rest=None, ready_at=now)
    if connection.execute(rises).rowcount:
        return True
    goes_on = of_run.where(_r.state == "running", _r.wish == "pause").values(wish=None)
    return bool(connection.execute(goes_on).rowcount)


def want(connection: Connection, session_id: SessionId, wish: Wish, here: int) -> None:
    """Want something of a run: its driver learns it by heartbeat; without one it is done at once."""
    heed(connection, session_id, wish, dialect_of(connection).now(connection, here))
