"""How are the sessions that were asked for spread over statuses, workflows, repositories and so on?

Of many sessions the newest are looked at, and the counts say that there may be more.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from workrail_engine.errors import StoreDamagedError
from workrail_engine.projections.listing import Counted, Facets, ListAsk
from workrail_engine.projections.resume_ranking import words_of
from workrail_engine.store import listing, queries, schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.mending import STATUSES
from workrail_engine.store.refusals import noticing_damage

MOST_VALUES: Final = 12
LOOKED_AT: Final = 8_000
"""Sessions that are looked at, shared by the counts that have different conditions."""
LEAST: Final = 2_000
"""So many for each of them at least."""
_s = schema.sessions
_COLUMNS: Final = {
    "status": _s.c.status,
    "workflow": _s.c.workflow_id,
    "repository": _s.c.repository,
    "branch": _s.c.branch,
    "origin": _s.c.origin,
}


def facets(connection: Connection, ask: ListAsk) -> Facets:
    """The counts of each value, without the condition on what is counted.

    Where rows cannot be read, what an index knows: the statuses of all sessions.
    """
    try:
        with noticing_damage():
            return _facets(connection, ask)
    except StoreDamagedError:
        return Facets(_statuses(connection), (), (), (), ())


def _facets(connection: Connection, ask: ListAsk) -> Facets:
    ask = replace(ask, limit=0, before=None)
    asks = {name: replace(ask, **{name: None}) for name in _COLUMNS}
    most = max(LEAST, LOOKED_AT // len(set(asks.values())))
    spread: dict[str, tuple[Counted, ...]] = {}
    for one in dict.fromkeys(asks.values()):
        names = [name for name in _COLUMNS if asks[name] == one]
        spread |= _spread(connection, one, names, most)
    chosen = {name: _with(spread[name], getattr(ask, name)) for name in _COLUMNS}
    if asks["status"] == ListAsk(limit=0):
        chosen["status"] = _statuses(connection)
    return Facets(
        statuses=chosen["status"],
        workflows=chosen["workflow"],
        repositories=chosen["repository"],
        branches=chosen["branch"],
        origins=chosen["origin"],
    )


def _spread(
    connection: Connection, ask: ListAsk, names: Sequence[str], most: int
) -> Mapping[str, tuple[Counted, ...]]:
    """All values of some columns, most first, among the newest sessions that fit."""
    conditions, more = _conditions(connection, ask)
    columns = [_COLUMNS[name].label(name) for name in names]
    newest = select(*columns).where(*conditions).order_by(*_order(ask)).limit(most + 1)
    some = newest.subquery()
    counting = select(*some.c, func.count()).group_by(*some.c)
    rows = connection.execute(counting).all()
    more = more or sum(row[-1] for row in rows) > most
    spread: dict[str, tuple[Counted, ...]] = {}
    for place, name in enumerate(names):
        counts: Counter[str] = Counter()
        for row in rows:
            if row[place] is not None:
                counts[str(row[place])] += row[-1]
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        spread[name] = tuple(Counted(value, count, more) for value, count in ordered)
    return spread


def _conditions(
    connection: Connection, ask: ListAsk
) -> tuple[tuple[ColumnElement[bool], ...], bool]:
    """What sessions must meet, and whether older ones were left out."""
    words = words_of(ask.words)
    if not words:
        few = listing.reach(connection, ask)
        return few.conditions if few.total is not None else listing.conditions_of(ask), False
    held = queries.held_or_shown(connection, words)
    among = dialect_of(connection).among(held.sessions)
    return (*listing.conditions_of(ask), among), not held.complete


def _order(ask: ListAsk) -> Sequence[ColumnElement[int]]:
    """The newest first, in the order of the index that finds them: nothing is put in order for this."""
    by_status = ask.status is not None and ask.repository is None and ask.branch is None
    return queries.NEWEST_FIRST if by_status else (_s.c.number.desc(),)


def _statuses(connection: Connection) -> tuple[Counted, ...]:
    """Of the whole store, by the index."""
    found = [
        (status, *queries.counted(connection, [_s.c.status == status], queries.MOST_COUNTED))
        for status in STATUSES
    ]
    ordered = sorted(found, key=lambda one: -one[1])
    return tuple(Counted(status, count, more) for status, count, more in ordered if count)


def _with(values: tuple[Counted, ...], wanted: str | None) -> tuple[Counted, ...]:
    """The most frequent values, with the one that was asked for, however rare it is."""
    first = values[:MOST_VALUES]
    if wanted is None or any(one.value == wanted for one in first):
        return first
    return (*first[: MOST_VALUES - 1], *(one for one in values if one.value == wanted))
