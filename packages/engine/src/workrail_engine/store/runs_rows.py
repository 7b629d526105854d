"""How does the row of a run become what the others speak of, and when is its rest over?

Whoever needs more than one row locked takes a session before its run, and a run before the sessions of
those below it, so that no two wait for each other.
"""

import json
from typing import Any, Final, cast

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.sql.elements import ColumnElement

from workrail_engine.agent_events import Rest
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Doing, RunOrder, RunView, Spent
from workrail_engine.store import schema
from workrail_engine.store.rows import AnyRow, rfc3339

SECOND: Final = 1_000_000
NEVER: Final = 1 << 62
"""A time that does not come: what rests until then waits for something else."""
POISON: Final = 3
"""A run that lost so many drivers in a row, with nothing recorded between, is given to no further one."""
SUSPECT: Final = 2
"""A run that lost so many is driven alone, so that it cannot take others along again."""

_s, _m = schema.sessions.c, schema.mailbox.c
_r = schema.runs.c
_parents = schema.sessions.alias("parents")
_own = schema.sessions.alias("own")
_child = schema.runs.alias("child")
_WAKES: Final[dict[Rest, tuple[str, ...]]] = {
    "operator": ("answer", "steer"),
    "budget": ("raise",),
}
"""Which messages end which rest."""

RUN: Final[Select[*tuple[Any, ...]]] = (
    select(schema.runs, _s.session_id, _parents.c.session_id.label("parent_id"))
    .join(schema.sessions, _s.number == _r.session)
    .outerjoin(_parents, _parents.c.number == _r.parent)
)
"""Asks for what `view_of` needs."""


def awake(now: int | ColumnElement[int]) -> ColumnElement[bool]:
    """A condition on `runs`: what a parked one rested for is there."""
    unfinished = exists().where(_child.c.parent == _r.session, _child.c.state != "ended")
    waiting = exists().where(_own.c.number == _r.session, _own.c.status == "waiting")
    told = [and_(_r.rest == rest, _has_message(kinds)) for rest, kinds in _WAKES.items()]
    return or_(
        _r.ready_at <= now,
        and_(_r.rest == "child", ~unfinished),
        and_(_r.rest == "approval", ~waiting),
        *told,
    )


def _has_message(kinds: tuple[str, ...]) -> ColumnElement[bool]:
    """A message of some kind waits for the session; bodies are compact JSON."""
    said = [_m.body.contains(f'"kind":"{kind}"', autoescape=True) for kind in kinds]
    return exists().where(_m.session == _r.session, _m.acknowledged_at.is_(None), or_(*said))


def order_of(row: AnyRow) -> RunOrder:
    """What a run was ordered with, from the columns of `RUN`."""
    parent = row.parent_id
    return RunOrder(
        session_id=SessionId(row.session_id),
        priority=row.priority,
        lane=row.lane,
        parent=None if parent is None else SessionId(parent),
        depth=row.depth,
        options=cast("JsonObject", json.loads(row.options)),
    )


def view_of(row: AnyRow, now: int) -> RunView:
    """A run as an operator sees it, from the columns of `RUN`."""
    order = order_of(row)
    drives = now - row.taken_at if row.state == "running" else 0
    doing = None if row.doing is None else Doing(row.doing, rfc3339(row.doing_since))
    return RunView(
        session_id=order.session_id,
        state=row.state,
        priority=order.priority,
        lane=order.lane,
        worker=row.worker,
        epoch=row.epoch,
        crashes=row.crashes,
        rest=row.rest,
        wish=row.wish,
        outcome=row.outcome,
        said=row.said,
        doing=doing,
        spent=spent_of(row, drives),
        parent=order.parent,
        depth=order.depth,
        options=order.options,
        ordered_at=rfc3339(row.ordered_at),
        began_at=None if row.began_at is None else rfc3339(row.began_at),
        ended_at=None if row.ended_at is None else rfc3339(row.ended_at),
        overdue=row.state == "running" and row.lease_until < now,
    )


def spent_of(row: AnyRow, drives: int) -> Spent:
    """What was used, with the microseconds of the present drive."""
    return Spent(
        turns=row.turns,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost=row.cost,
        seconds=(row.worked + max(0, drives)) / SECOND,
    )
