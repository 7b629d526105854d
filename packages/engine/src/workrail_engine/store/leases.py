"""Does a driver still hold the lease of its session?

Asked within the transaction that writes, after it has locked the session's row. The lock on the run's row
keeps others from taking the lease away until then.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, select

from workrail_engine.errors import LeaseLostError
from workrail_engine.session.lease import Lease
from workrail_engine.store import schema

_r = schema.runs
_HELD: Final = (
    select(_r.c.crashes)
    .where(
        _r.c.session == bindparam("session"),
        _r.c.state == "running",
        _r.c.worker == bindparam("worker"),
        _r.c.epoch == bindparam("epoch"),
    )
    .with_for_update()
)
_HOLDER: Final = select(_r.c.state, _r.c.worker, _r.c.epoch).where(
    _r.c.session == bindparam("session")
)


def held(connection: Connection, session: int, lease: Lease) -> int:
    """How often in a row drivers of a run were lost without a word; the run is locked.

    Args:
        connection: that writes, and has locked the session's row.
        session: the session's number.
        lease: what is held to be valid.

    Raises:
        LeaseLostError: another driver has it, or nobody.
    """
    values = {"session": session, "worker": lease.worker, "epoch": lease.epoch}
    crashes = connection.execute(_HELD, values).scalar_one_or_none()
    if crashes is None:
        raise _lost(connection, session, lease)
    return crashes


def _lost(connection: Connection, session: int, lease: Lease) -> LeaseLostError:
    row = connection.execute(_HOLDER, {"session": session}).one_or_none()
    if row is None:
        now = "there is no such run any more"
    elif row.state == "running":
        now = f"{row.worker} drives it now (epoch {row.epoch})"
    else:
        now = f"the run is {row.state}"
    return LeaseLostError(
        f"The lease of {lease.worker} on session {lease.session_id} (epoch {lease.epoch}) has ended: "
        f"{now}. Nothing was recorded. Let go of the session; whoever drives it goes on from its log."
    )
