"""How does a run end, whoever ends it, and what becomes of the runs below it?

A driver that ends its run has said so in the log. A run that nobody drives is ended here, with its
entry in the log in the same transaction. The runs below one that ended are cancelled.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from workrail_engine.agent_events import AgentEvent, RunEnded, RunOutcome, RunParked
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import Wish
from workrail_engine.store import schema
from workrail_engine.store.journal import facts, locked, record
from workrail_engine.store.rows import AnyRow, moment
from workrail_engine.store.runs_rows import NEVER, POISON

_s, _r = schema.sessions.c, schema.runs.c
NOBODY: Final[dict[str, Any]] = {"lease_until": None, "doing": None, "doing_since": None}
"""What a run's row says of its driver when it has none."""
_CANCELLED: Final = "It was cancelled."
_WITH_ITS_PARENT: Final = "It was cancelled because the run that spawned it ended."
_PAUSED: Final = "It was paused. `worktrain session resume` goes on."


def over(outcome: RunOutcome, said: str, now: int) -> dict[str, Any]:
    """What a run's row says when it is over."""
    ended = {"state": "ended", "outcome": outcome, "said": said, "ended_at": now}
    return {**ended, "rest": None, "wish": None, **NOBODY}


def heed(
    connection: Connection, session_id: SessionId, wish: Wish, now: int, why: str = _CANCELLED
) -> None:
    """Do what is wanted of a run, or leave it to its driver; nothing where it is over.

    Args:
        connection: to the database, in a transaction that has not locked the run.
        session_id: whose run.
        wish: what is wanted.
        now: the time.
        why: what to say of a run that is cancelled.

    Raises:
        SessionNotFoundError: no such session.
    """
    found = _found(connection, session_id)
    if found is None:
        return
    if found.driven(now):
        _change(connection, found, {"wish": "cancel" if found.run.wish == "cancel" else wish})
    elif wish == "cancel":
        _bury(connection, found, "cancelled", why, now)
    elif found.run.rest != "paused":
        resting = {"state": "parked", "rest": "paused", "said": _PAUSED, "ready_at": NEVER}
        _say(connection, found, RunParked(found.tip, "paused", _PAUSED, None, ()), now)
        _change(connection, found, {**resting, "wish": None, **NOBODY})


def put_aside(connection: Connection, session_id: SessionId, now: int) -> None:
    """End or rest a run that nobody drives and nobody is to drive as it stands."""
    found = _found(connection, session_id)
    if found is None or found.driven(now):
        return
    if found.run.wish is not None:
        heed(connection, session_id, found.run.wish, now)
        return
    crashes = found.run.crashes + (found.run.state == "running")
    if crashes >= POISON:
        said = (
            f"{crashes} drivers in a row were lost with this run, and nothing was recorded in between, "
            "so no further one is given it. `worktrain logs` may show why; `worktrain session retry` "
            f"has it tried {POISON} more times."
        )
        _change(connection, found, {"crashes": crashes})
        _bury(connection, found, "error", said, now)


def cancel_below(connection: Connection, number: int, now: int) -> None:
    """Cancel the runs that a run spawned; they cancel those below them."""
    below = (
        select(_s.session_id)
        .join(schema.runs, _r.session == _s.number)
        .where(_r.parent == number, _r.state != "ended")
        .order_by(_r.session)
    )
    for child in connection.execute(below).scalars().all():
        heed(connection, SessionId(child), "cancel", now, _WITH_ITS_PARENT)


@dataclass(frozen=True)
class _Found:
    """A run that is not over, and the end of its session's log; both are locked."""

    place: AnyRow
    run: AnyRow
    tip: NodeId

    def driven(self, now: int) -> bool:
        return self.run.state == "running" and self.run.lease_until >= now


def _found(connection: Connection, session_id: SessionId) -> _Found | None:
    place = locked(connection, session_id)
    of_session = select(schema.runs).where(_r.session == place.number, _r.state != "ended")
    run = connection.execute(of_session.with_for_update()).one_or_none()
    if run is None:
        return None
    tip = connection.execute(select(_s.tip).where(_s.number == place.number)).scalar_one()
    return _Found(place, run, NodeId(tip))


def _bury(connection: Connection, found: _Found, outcome: RunOutcome, said: str, now: int) -> None:
    _say(connection, found, RunEnded(found.tip, outcome, said), now)
    _change(connection, found, over(outcome, said, now))
    cancel_below(connection, found.place.number, now)


def _change(connection: Connection, found: _Found, values: dict[str, Any]) -> None:
    of_run = update(schema.runs).where(_r.session == found.place.number)
    connection.execute(of_run.values(**values))


def _say(connection: Connection, found: _Found, event: AgentEvent, now: int) -> None:
    record(connection, found.place, facts([event]), moment(now))
