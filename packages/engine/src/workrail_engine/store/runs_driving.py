"""What does the driver of a run say of it, and what is it told?

Each of these holds the lease's row first, and is refused where the lease was lost.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Update, case, select, update

from workrail_engine.agent_events import Rest, RunOutcome
from workrail_engine.projections.runs import Beat, Wish
from workrail_engine.session.lease import Lease
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.driving import heard_of
from workrail_engine.store.journal import locked, number_of
from workrail_engine.store.leases import held
from workrail_engine.store.rows import moment
from workrail_engine.store.runs_ending import NOBODY, cancel_below, heed, over
from workrail_engine.store.runs_rows import NEVER, SECOND

_r, _s = schema.runs.c, schema.sessions.c


def beat(connection: Connection, lease: Lease, given: Beat, here: int) -> Wish | None:
    """Renew a lease, and learn what is wanted of the run.

    Raises:
        LeaseLostError: it is another's now.
    """
    now = dialect_of(connection).now(connection, here)
    if given.driver is not None:  # before the run is locked, for it may lock the session
        heard_of(connection, lease.session_id, given.driver, moment(now))
    number = number_of(connection, lease.session_id)
    held(connection, number, lease)
    values: dict[str, Any] = {"lease_until": now + round(given.ttl * SECOND)}
    if given.doing is not None:
        values |= {"doing": given.doing, "doing_since": now - round(given.since * SECOND)}
    renewed = _of(number).values(**values).returning(_r.wish)
    return connection.execute(renewed).scalar_one()


def standing(connection: Connection, worker: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """The runs a worker drives: session, number of the claim, what is wanted of it."""
    statement = (
        select(_s.session_id, _r.epoch, _r.wish)
        .join(schema.sessions, _s.number == _r.session)
        .where(_r.state == "running", _r.worker == worker)
    )
    return connection.execute(statement).all()


def park(
    connection: Connection, lease: Lease, rest: Rest, said: str, wait: float | None, here: int
) -> None:
    """Have a run rest, and give its slot back.

    What was wanted meanwhile counts: a run that is to end, ends; one that is to pause, pauses; one
    that is no longer to pause, goes on. A drained one goes on with the next claim.

    Args:
        connection: to the database, in a transaction.
        lease: of whoever drives it.
        rest: what it waits for.
        said: the same, in a sentence.
        wait: seconds after which it goes on whatever happened; None: never.
        here: the time as this process takes it, in microseconds since 1970.

    Raises:
        LeaseLostError: it is another's now.
    """
    number = locked(connection, lease.session_id).number
    held(connection, number, lease)
    now = dialect_of(connection).now(connection, here)
    wish = connection.execute(select(_r.wish).where(_r.session == number)).scalar_one()
    ready_at = NEVER if wait is None else now + round(wait * SECOND)
    if wish == "pause":
        rest, ready_at = "paused", NEVER
    elif rest in ("paused", "drained"):
        ready_at = now
    resting = {"state": "parked", "rest": rest, "said": said, "ready_at": ready_at, "wish": None}
    connection.execute(_of(number).values(**resting, **_worked(now), **NOBODY))
    if wish == "cancel":
        heed(connection, lease.session_id, "cancel", now)


def end(connection: Connection, lease: Lease, outcome: RunOutcome, said: str, here: int) -> None:
    """Say that a run is over; those it spawned are cancelled.

    Raises:
        LeaseLostError: it is another's now.
    """
    number = number_of(connection, lease.session_id)
    held(connection, number, lease)
    now = dialect_of(connection).now(connection, here)
    connection.execute(_of(number).values(**_worked(now), **over(outcome, said, now)))
    cancel_below(connection, number, now)


def give_back(connection: Connection, lease: Lease, after: float, here: int) -> None:
    """Let go of a run whose driver failed; it counts as a crash.

    Args:
        connection: to the database, in a transaction.
        lease: of whoever drove it.
        after: seconds before it is tried again.
        here: the time as this process takes it, in microseconds since 1970.

    Raises:
        LeaseLostError: it is another's now.
    """
    number = number_of(connection, lease.session_id)
    held(connection, number, lease)
    now = dialect_of(connection).now(connection, here)
    ready_at = now + round(after * SECOND)
    connection.execute(_of(number).values(**_worked(now), **_queued(), ready_at=ready_at))


def workers(connection: Connection) -> Sequence[str]:
    """Who drives anything, or did when it was last heard of."""
    statement = select(_r.worker).where(_r.state == "running").distinct()
    return [worker for worker in connection.execute(statement).scalars() if worker is not None]


def release(connection: Connection, worker: str, here: int) -> None:
    """Queue the runs of a worker that is no more, before those that wait; each counts as a crash."""
    now = dialect_of(connection).now(connection, here)
    of_worker = update(schema.runs).where(_r.state == "running", _r.worker == worker)
    heard = _worked(case((_r.lease_until < now, _r.lease_until), else_=now))
    connection.execute(of_worker.values(**heard, **_queued(), ready_at=_r.taken_at))


def _of(number: int) -> Update:
    return update(schema.runs).where(_r.session == number)


def _worked(until: object) -> dict[str, Any]:
    return {"worked": _r.worked + (until - _r.taken_at)}


def _queued() -> dict[str, Any]:
    return {"state": "queued", "crashes": _r.crashes + 1, **NOBODY}
