"""What waits for a person, what goes on, and what came about since a moment?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from workrail_engine.errors import StoreDamagedError
from workrail_engine.projections.listing import Attention, ListedSession, Since
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.apart import Wanted, lines_apart
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.lines import LINE, lines
from workrail_engine.store.mending import STATUSES, is_status
from workrail_engine.store.queries import MOST_COUNTED, NEWEST_FIRST, counted
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import AnyRow, microseconds, rfc3339
from workrail_engine.store.run_lines import UNATTENDED, needing

_s, _d = schema.sessions, schema.drivers
_WAITING: Final = _s.c.status == "waiting"
_BLOCKED: Final = _s.c.status == "blocked"
_RUNNING: Final = _s.c.status == "running"
_ATTENDED: Final = (_BLOCKED, ~UNATTENDED)
"""Blocked, and nobody but a person's agent drives it; a run tells itself when it needs a person."""
_UNDONE: Final = _s.c.status.in_(("running", "blocked"))
"""A run of such a session is told by itself; one whose session is complete or waits is told as that."""
_OLDEST_FIRST: Final = (_s.c.updated_at, _s.c.number)
_Told: TypeAlias = tuple[ListedSession, ...]
_Lines: TypeAlias = tuple[_Told, _Told, _Told, _Told]
"""What waits, what is blocked, what goes on, whose run needs a person."""
_LOOKED_AT: Final = 2_000
"""Of the running sessions, so many are asked for their drivers: the last ones that changed."""

_MOVED: Final = (
    select(_s.c.status, case((_s.c.created_at > bindparam("begin"), 1), else_=0).label("began"))
    .where(_s.c.updated_at > bindparam("begin"))
    .order_by(*NEWEST_FIRST)
    .limit(MOST_COUNTED)
    .subquery()
)
_MOVED_COUNTS: Final = select(_MOVED.c.status, func.count(), func.sum(_MOVED.c.began)).group_by(
    _MOVED.c.status
)


def attention(connection: Connection, now: datetime, limit: int, recent: timedelta) -> Attention:
    """What waits, longest first; what is blocked, latest first; what goes on, latest first.

    Args:
        connection: to the store.
        now: the time.
        limit: how many of each at most.
        recent: how long ago something may be to count as going on.
    """
    begin = microseconds(now - recent)
    running_total, heard = _count_running(connection, begin)
    undone = _undone(connection)
    try:
        with noticing_damage():
            waiting, blocked, running, runs = _told(connection, begin, heard, undone, limit)
    except StoreDamagedError:
        waiting, blocked, running, runs = _told_apart(connection, begin, limit)
    return Attention(
        waiting=waiting,
        blocked=blocked,
        running=running,
        waiting_total=counted(connection, [_WAITING], MOST_COUNTED)[0],
        blocked_total=counted(connection, _ATTENDED, MOST_COUNTED)[0],
        running_total=running_total,
        runs=runs,
        runs_total=len(undone),
    )


def _told(
    connection: Connection,
    begin: int,
    heard: dict[int, int],
    undone: Sequence[int],
    limit: int,
) -> _Lines:
    longest_first = LINE.where(_WAITING).order_by(*_OLDEST_FIRST).limit(limit)
    latest_first = LINE.where(*_ATTENDED).order_by(*NEWEST_FIRST).limit(limit)
    waiting = connection.execute(longest_first).all()
    blocked = connection.execute(latest_first).all()
    running = _running(connection, begin, heard, limit)
    mine = LINE.where(dialect_of(connection).among(undone[:limit])).order_by(*NEWEST_FIRST)
    runs: Sequence[AnyRow] = connection.execute(mine).all() if undone else ()
    told = lines(connection, [*waiting, *blocked, *runs, *running])
    first, second = len(waiting), len(waiting) + len(blocked)
    third = second + len(runs)
    return told[:first], told[first:second], told[third:], told[second:third]


def _undone(connection: Connection) -> Sequence[int]:
    """Sessions whose run needs a person, latest change first, by number."""
    numbers = needing(connection)
    if not numbers:
        return ()
    found = select(_s.c.number).where(_UNDONE, dialect_of(connection).among(numbers))
    return connection.execute(found.order_by(*NEWEST_FIRST)).scalars().all()


def _told_apart(connection: Connection, begin: int, limit: int) -> _Lines:
    """The same where a page of the file is lost, but for running sessions that did not change."""
    lately = (_s.c.updated_at > begin,)
    wanted = (
        Wanted("waiting", order=_OLDEST_FIRST),
        Wanted("blocked"),
        Wanted("running", indexed=lately),
    )
    waiting, blocked, running = (lines_apart(connection, one, limit).lines for one in wanted)
    return waiting, blocked, running, ()


def since(connection: Connection, at: datetime) -> Since:
    """What began and what moved after a moment; of more than 10,000 sessions, the newest count."""
    begin = microseconds(at)
    try:
        with noticing_damage():
            return _moved(connection, begin)
    except StoreDamagedError:  # what began stands in the rows alone
        late = _s.c.updated_at > begin
        counts: dict[Status, int] = {
            status: counted(connection, [_s.c.status == status, late], MOST_COUNTED)[0]
            for status in STATUSES
        }
        by_status: dict[Status, int] = {status: count for status, count in counts.items() if count}
        return Since(at=rfc3339(begin), started=0, by_status=by_status)


def _moved(connection: Connection, begin: int) -> Since:
    by_status: dict[Status, int] = {}
    started = 0
    for status, count, began in connection.execute(_MOVED_COUNTS, {"begin": begin}):
        known: Status = status if is_status(status) else "running"
        by_status[known] = by_status.get(known, 0) + count
        started += int(began)
    return Since(at=rfc3339(begin), started=started, by_status=by_status)


def _count_running(connection: Connection, begin: int) -> tuple[int, dict[int, int]]:
    """How many sessions go on, and which of them only by their driver, with when it was heard of."""
    total, _ = counted(connection, (_RUNNING, _s.c.updated_at > begin), MOST_COUNTED)
    heard = _heard_of(connection, begin)
    return total + len(heard), heard


def _running(
    connection: Connection, begin: int, heard: dict[int, int], limit: int
) -> Sequence[AnyRow]:
    """Running sessions that changed, or whose driver was heard of, after a moment."""
    changed = LINE.where(_RUNNING, _s.c.updated_at > begin).order_by(*NEWEST_FIRST).limit(limit)
    among = dialect_of(connection).among(heard)
    rows = [*connection.execute(changed), *connection.execute(LINE.where(among))]
    latest = sorted(rows, key=lambda row: (heard.get(row.number, row.updated_at), row.number))
    return latest[: -limit - 1 : -1]


def _heard_of(connection: Connection, begin: int) -> dict[int, int]:
    """Running sessions that did not change after a moment though a driver was heard of: when."""
    older: tuple[ColumnElement[bool], ...] = (_RUNNING, _s.c.updated_at <= begin)
    looked_at = select(_s.c.number).where(*older).order_by(*NEWEST_FIRST).limit(_LOOKED_AT)
    some = looked_at.subquery()
    statement = (
        select(_d.c.session, func.max(_d.c.seen_at))
        .join(some, some.c.number == _d.c.session)
        .where(_d.c.seen_at > begin)
        .group_by(_d.c.session)
    )
    return dict(connection.execute(statement).all())
