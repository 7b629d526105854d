"""Which sessions does a list show, and how many are there?

Few that fit are gathered and put in order; of many, the list is gone through in its order until the page
is full. Which it is, is found by counting a little first, because SQLite does not know how many sessions
have a value.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, exists, func, select

from workrail_engine.errors import StoreDamagedError
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import ListAsk, ListedPage, ListedSession, Total
from workrail_engine.projections.resume_ranking import words_of
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.store import queries, schema
from workrail_engine.store.apart import Wanted, lines_apart
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.lines import LINE, lines
from workrail_engine.store.mending import seen
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.refusals import noticing_damage

FEW: Final = 1_000
"""So many sessions are gathered rather than looked for in the order of the list."""
MOST_MET: Final = 3_000
"""So many are counted that meet several conditions, of which an index knows one."""
_s = schema.sessions
_p = schema.sessions.alias("parent")
_ROOTS: Final = _s.c.parent_session_id.is_(None) | ~exists().where(
    _p.c.session_id == _s.c.parent_session_id
)
_VALUES: Final = ("workflow", "repository", "branch", "origin")


@dataclass(frozen=True)
class Chosen:
    """The sessions that fit, before they are cut into pages."""

    conditions: tuple[ColumnElement[bool], ...]
    """For a statement that goes through `sessions` in the order of the list."""
    total: Total


@dataclass(frozen=True)
class Reach:
    """How to come at some sessions."""

    conditions: tuple[ColumnElement[bool], ...]
    """For a statement that goes through `sessions` in the order of the list."""
    total: int | None
    """How many there are, where they are few; None where there are many."""


def page(connection: Connection, ask: ListAsk, total: Total | None = None) -> ListedPage:
    """Some sessions as lines of a list, newest change first.

    Args:
        connection: to the store.
        ask: which.
        total: how many there are, where that is known.

    Raises:
        InvalidInputError: `before` did not come from a page.
    """
    older = () if ask.before is None else (queries.older_than(ask.before),)
    words = words_of(ask.words)
    try:
        with noticing_damage():
            chosen = _speaking(connection, ask, older, words) if words else None
            return _page(connection, ask, chosen or _fitting(connection, ask, older, total))
    except StoreDamagedError:
        if words:
            raise
        return _mended_page(connection, ask, older)


def line(connection: Connection, session_id: SessionId) -> ListedSession:
    """One session's line.

    Raises:
        SessionNotFoundError: no such session.
    """
    rows = connection.execute(LINE.where(_s.c.session_id == session_id)).all()
    if not rows:
        raise unknown_session(session_id)
    return lines(connection, rows)[0]


def _speaking(
    connection: Connection,
    ask: ListAsk,
    older: Sequence[ColumnElement[bool]],
    words: Sequence[str],
) -> Chosen:
    conditions = conditions_of(ask)
    numbers, total, more = queries.speaking(connection, ask.limit, conditions, older, words)
    return Chosen((dialect_of(connection).among(numbers),), Total(total, more))


def _fitting(
    connection: Connection,
    ask: ListAsk,
    older: Sequence[ColumnElement[bool]],
    total: Total | None,
) -> Chosen:
    found = choose(connection, ask, total)
    return replace(found, conditions=(*found.conditions, *older))


def _page(connection: Connection, ask: ListAsk, chosen: Chosen) -> ListedPage:
    statement = LINE.where(*chosen.conditions).order_by(*queries.NEWEST_FIRST).limit(ask.limit + 1)
    rows = connection.execute(statement).all()
    last = rows[ask.limit - 1] if len(rows) > ask.limit else None
    return ListedPage(
        lines=lines(connection, rows[: ask.limit]),
        total=chosen.total.count,
        more=chosen.total.more,
        next_before=None if last is None else _place(last.updated_at, last.number),
    )


def _mended_page(
    connection: Connection, ask: ListAsk, older: tuple[ColumnElement[bool], ...]
) -> ListedPage:
    """A page of a list some of whose rows cannot be read."""
    others = conditions_of(replace(ask, status=None))
    wanted = Wanted(status=ask.status, indexed=older, others=others)
    found = lines_apart(connection, wanted, ask.limit + 1)
    cut = len(found.lines) > ask.limit
    last = found.places[ask.limit - 1] if cut else found.last
    total, more = queries.counted(
        connection, conditions_of(ListAsk(status=ask.status)), queries.MOST_COUNTED
    )
    return ListedPage(
        lines=found.lines[: ask.limit],
        total=total,
        more=more or bool(others),
        next_before=None if last is None else _place(*last),
    )


def _place(at: object, number: int) -> str:
    """Where the next page begins; after the times that cannot be read come those that can."""
    return f"{at if isinstance(at, int) else queries.LARGEST}.{number}"


def children(
    connection: Connection, parents: Sequence[SessionId], most: int
) -> dict[SessionId, tuple[SessionSummary, ...]]:
    """The sessions started from some, oldest first, at most so many of each; none has no entry.

    Where rows cannot be read there is no entry: the page of the tree says what is wrong.
    """
    try:
        with noticing_damage():
            return _children(connection, parents, most)
    except StoreDamagedError:
        return {}


def _children(
    connection: Connection, parents: Sequence[SessionId], most: int
) -> dict[SessionId, tuple[SessionSummary, ...]]:
    place = func.row_number().over(partition_by=_s.c.parent_session_id, order_by=_s.c.number)
    placed = select(_s.c.number, place.label("place")).where(_s.c.parent_session_id.in_(parents))
    some = placed.subquery()
    first = connection.execute(select(some.c.number).where(some.c.place <= most)).scalars().all()
    statement = LINE.where(dialect_of(connection).among(first)).order_by(_s.c.number)
    found: defaultdict[SessionId, list[SessionSummary]] = defaultdict(list)
    for row in connection.execute(statement):
        found[SessionId(row.parent_session_id)].append(seen(row).summary)
    return {parent: tuple(summaries) for parent, summaries in found.items()}


def count(connection: Connection, ask: ListAsk) -> Total:
    """How many sessions fit everything that is asked but the words."""
    with noticing_damage():
        return choose(connection, ask).total


def choose(connection: Connection, ask: ListAsk, known: Total | None = None) -> Chosen:
    """What fits everything that is asked but the words, and how many there are.

    Args:
        connection: to the store.
        ask: which.
        known: how many there are; they are counted when left out.
    """
    if _is_plain(replace(ask, roots=False, status=None)) and ask.roots and ask.status is None:
        # Nearly every session is one, so that to gather them first would be for nothing.
        roots = conditions_of(ask)
        total = known or Total(*queries.counted(connection, roots, queries.MOST_COUNTED))
        if total.count > FEW:
            return Chosen(roots, total)
    found = reach(connection, ask)
    if found.total is not None:
        return Chosen(found.conditions, Total(found.total, more=False))
    counting = conditions_of(ask)
    most = queries.MOST_COUNTED if len(counting) < 2 else MOST_MET
    return Chosen(found.conditions, known or Total(*queries.counted(connection, counting, most)))


def reach(connection: Connection, ask: ListAsk) -> Reach:
    """How to come at what fits everything but the words."""
    conditions = conditions_of(ask)
    if _is_plain(ask):
        return Reach(conditions, None)
    first = select(_s.c.number).where(*conditions).limit(FEW + 1)
    numbers = connection.execute(first).scalars().all()
    if len(numbers) <= FEW:
        return Reach((dialect_of(connection).among(numbers),), len(numbers))
    return Reach(conditions_of(ask, in_order=True), None)


def conditions_of(ask: ListAsk, *, in_order: bool = False) -> tuple[ColumnElement[bool], ...]:
    """What sessions must meet, but for the words.

    Args:
        ask: what is wanted.
        in_order: keep the database from gathering all that have a value by that value's index.
    """
    columns = (_s.c.workflow_id, _s.c.repository, _s.c.branch, _s.c.origin)
    wanted = zip(columns, (getattr(ask, name) for name in _VALUES), strict=True)
    conditions = [
        _is(column, value, in_order=in_order) for column, value in wanted if value is not None
    ]
    if ask.status is not None:
        conditions.append(_s.c.status == ask.status)
    if ask.roots:
        conditions.append(_ROOTS)
    return tuple(conditions)


def _is_plain(ask: ListAsk) -> bool:
    """Whether nothing but a status and words is asked for."""
    return ask == ListAsk(ask.limit, ask.before, ask.status, ask.words)


def _is(column: Column[str], value: str, *, in_order: bool) -> ColumnElement[bool]:
    return (column.concat("") if in_order else column) == value
