"""How do the runs of a store stand, and what have they used?"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunState, RunView, Spent
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.journal import number_of
from workrail_engine.store.runs_claiming import ORDER, ready_at
from workrail_engine.store.runs_rows import RUN, SECOND, view_of

_r, _s = schema.runs.c, schema.sessions.c
_NEWEST: Final = (_r.ordered_at.desc(), _r.session.desc())


def view(connection: Connection, session_id: SessionId, here: int) -> RunView | None:
    """The run of a session; None where it has none."""
    now = dialect_of(connection).now(connection, here)
    row = connection.execute(RUN.where(_s.session_id == session_id)).one_or_none()
    return None if row is None else view_of(row, now)


def views(
    connection: Connection, states: Sequence[RunState], most: int, here: int
) -> tuple[RunView, ...]:
    """The runs in some states, of all where none is named; the newest orders first."""
    now = dialect_of(connection).now(connection, here)
    statement = RUN.where(_r.state.in_(states)) if states else RUN
    rows = connection.execute(statement.order_by(*_NEWEST).limit(most))
    return tuple(view_of(row, now) for row in rows)


def ready(connection: Connection, most: int, here: int) -> tuple[RunView, ...]:
    """The runs that could be claimed now, those first that would be."""
    now = dialect_of(connection).now(connection, here)
    rows = connection.execute(RUN.where(ready_at(now)).order_by(*ORDER).limit(most))
    return tuple(view_of(row, now) for row in rows)


def below(connection: Connection, session_id: SessionId, here: int) -> tuple[RunView, ...]:
    """The runs that a run spawned itself, in the order they were spawned."""
    number = number_of(connection, session_id)
    now = dialect_of(connection).now(connection, here)
    rows = connection.execute(RUN.where(_r.parent == number).order_by(_r.session))
    return tuple(view_of(row, now) for row in rows)


def tree_spent(connection: Connection, session_id: SessionId, here: int) -> Spent:
    """What a run and all below it have used."""
    number = number_of(connection, session_id)
    now = dialect_of(connection).now(connection, here)
    tree = select(_r.session).where(_r.session == number).cte("tree", recursive=True)
    tree = tree.union(select(_r.session).where(_r.parent == tree.c.session))
    drives = func.coalesce(func.sum(now - _r.taken_at).filter(_r.state == "running"), 0)
    used = [_r.turns, _r.input_tokens, _r.output_tokens, _r.cost, _r.worked]
    sums = (func.coalesce(func.sum(column), 0) for column in used)
    statement = select(*sums, drives).where(_r.session.in_(select(tree.c.session)))
    turns, read, written, cost, worked, driving = map(int, connection.execute(statement).one())
    return Spent(turns, read, written, cost, (worked + driving) / SECOND)
