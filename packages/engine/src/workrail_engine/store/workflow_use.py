"""How do the sessions of a store use its workflows?

One pass over the sessions' own rows counts them; medians and refusals are taken from a bounded number
of the newest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from sqlalchemy import Connection, Select, Subquery, distinct, func, select

from workrail_engine.projections.workflow_use import (
    RetriedStep,
    UsedDefinition,
    WorkflowStory,
    WorkflowUse,
)
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.chain import spelled
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.queries import NEWEST_FIRST, WITH_WORKFLOW
from workrail_engine.store.rows import SUMMARY_COLUMNS, AnyRow, rfc3339, summary_of

_s, _w, _n = schema.sessions.c, schema.workflows.c, schema.nodes.c
NEWEST: Final = 200
"""Sessions that medians and refusals are taken from."""
LOOKED_AT: Final = 10_000
"""The last complete runs of all workflows, in which those of each are looked for first."""
_RUN: Final = (
    _s.workflow_id,
    _s.updated_at,
    _s.number,
    (_s.updated_at - _s.created_at).label("took"),
)
_COMPLETE: Final = _s.status == "completed"
_RECENT: Final = 10
_RETRIED: Final = 10
_SECOND: Final = 1_000_000


@dataclass
class _Count:
    """What was counted of the sessions of a workflow, or of one definition of it."""

    workflow_id: str
    by_status: dict[Status, int] = field(default_factory=dict[Status, int])
    first_at: int = 0
    last_at: int = 0
    newest: int = 0
    """The number of the session that began last."""

    def add(self, row: AnyRow) -> None:
        """Count the sessions of one definition that have one status."""
        self.by_status[row.status] = self.by_status.get(row.status, 0) + row.sessions
        self.first_at = min(self.first_at or row.first_at, row.first_at)
        self.last_at = max(self.last_at, row.last_at)
        self.newest = max(self.newest, row.newest)


def workflows(connection: Connection) -> tuple[WorkflowUse, ...]:
    """Every workflow any session runs, most used first."""
    counts: dict[str, _Count] = {}
    for row in connection.execute(_counted()):
        counts.setdefault(row.workflow_id, _Count(row.workflow_id)).add(row)
    return _uses(connection, counts.values())


def workflow_story(connection: Connection, workflow_id: str) -> WorkflowStory | None:
    """One workflow's use; None where no session runs it."""
    mine = _s.workflow_id == workflow_id
    whole, definitions = _Count(workflow_id), dict[bytes, _Count]()
    for row in connection.execute(_counted().where(mine)):
        whole.add(row)
        definitions.setdefault(row.workflow_hash, _Count(workflow_id)).add(row)
    if not definitions:
        return None
    (use,) = _uses(connection, [whole])
    newest = select(*SUMMARY_COLUMNS).select_from(WITH_WORKFLOW).where(mine)
    rows = connection.execute(newest.order_by(*NEWEST_FIRST).limit(NEWEST)).all()
    return WorkflowStory(
        use=use,
        definitions=_definitions(connection, definitions),
        retried=_retried(connection, [row.number for row in rows]),
        recent=tuple(summary_of(row) for row in rows[:_RECENT]),
    )


def _counted() -> Select[*tuple[Any, ...]]:
    return select(
        _s.workflow_id,
        _s.workflow_hash,
        _s.status,
        func.count().label("sessions"),
        func.min(_s.created_at).label("first_at"),
        func.max(_s.updated_at).label("last_at"),
        func.max(_s.number).label("newest"),
    ).group_by(_s.workflow_id, _s.workflow_hash, _s.status)


def _uses(connection: Connection, counts: Iterable[_Count]) -> tuple[WorkflowUse, ...]:
    ordered = sorted(counts, key=lambda one: (-sum(one.by_status.values()), one.workflow_id))
    names = _names(connection, [one.newest for one in ordered])
    took = _took(connection, ordered)
    return tuple(
        WorkflowUse(
            workflow_id=one.workflow_id,
            name=names.get(one.newest) or one.workflow_id,
            sessions=sum(one.by_status.values()),
            by_status=one.by_status,
            last_at=rfc3339(one.last_at),
            median_seconds=median(times) / _SECOND
            if (times := took.get(one.workflow_id))
            else None,
        )
        for one in ordered
    )


def _names(connection: Connection, numbers: Sequence[int]) -> dict[int, str | None]:
    """What the workflows of some sessions are called."""
    statement = select(_s.number, _w.name).select_from(WITH_WORKFLOW)
    rows = connection.execute(statement.where(dialect_of(connection).among(numbers)))
    return {row.number: row.name for row in rows}


def _took(connection: Connection, counts: Iterable[_Count]) -> dict[str, list[int]]:
    """How long the newest complete runs of each workflow took, in microseconds."""
    wanted = {
        one.workflow_id: min(one.by_status.get("completed", 0), NEWEST)
        for one in counts
        if one.by_status.get("completed")
    }
    if not wanted:
        return {}
    # Most workflows have enough among the last runs of all, which an index has in their order.
    last = select(*_RUN).where(_COMPLETE).order_by(*NEWEST_FIRST).limit(LOOKED_AT).subquery()
    took = _newest(connection, last)
    rare = [one for one, enough in wanted.items() if len(took.get(one, ())) < enough]
    if rare:
        all_of = select(*_RUN).where(_COMPLETE, _s.workflow_id.in_(rare)).subquery()
        took |= _newest(connection, all_of)
    return {one: took[one] for one in wanted if one in took}


def _newest(connection: Connection, runs: Subquery) -> dict[str, list[int]]:
    """How long the newest of some runs of each workflow took."""
    newest_first = (runs.c.updated_at.desc(), runs.c.number.desc())
    place = func.row_number().over(partition_by=runs.c.workflow_id, order_by=newest_first)
    placed = select(runs.c.workflow_id, runs.c.took, place.label("place")).subquery()
    newest = select(placed.c.workflow_id, placed.c.took).where(placed.c.place <= NEWEST)
    took: dict[str, list[int]] = {}
    for workflow_id, microseconds in connection.execute(newest):
        took.setdefault(workflow_id, []).append(microseconds)
    return took


def _definitions(connection: Connection, counts: dict[bytes, _Count]) -> tuple[UsedDefinition, ...]:
    names = _names(connection, [one.newest for one in counts.values()])
    newest_use = sorted(counts.items(), key=lambda item: -item[1].last_at)
    return tuple(
        UsedDefinition(
            workflow_hash=spelled(digest),
            name=names.get(one.newest) or one.workflow_id,
            sessions=sum(one.by_status.values()),
            first_at=rfc3339(one.first_at),
            last_at=rfc3339(one.last_at),
        )
        for digest, one in newest_use
    )


def _retried(connection: Connection, numbers: Sequence[int]) -> tuple[RetriedStep, ...]:
    """The steps of some sessions at which attempts were refused, most refused first."""
    refused, sessions = func.count().label("refused"), func.count(distinct(_n.session))
    among = select(_s.number).where(dialect_of(connection).among(numbers))
    statement = (
        select(_n.step_id, func.max(_n.title).label("title"), refused, sessions.label("sessions"))
        .where(_n.session.in_(among), _n.kind == "blocked", _n.step_id.is_not(None))
        .group_by(_n.step_id)
        .order_by(refused.desc(), _n.step_id)
        .limit(_RETRIED)
    )
    return tuple(RetriedStep(*row) for row in connection.execute(statement))
