"""How does a list go on when a page of the file that holds sessions cannot be read?

Their order stands in an index as well, and their ids in another. Each session is then asked for alone, so
that the others are told as ever; the line of one whose own row is lost says so. Such a row may or may not
fit what was asked for, and is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, Connection, select, text

from workrail_engine.errors import StoreDamagedError
from workrail_engine.projections.listing import ListedSession
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.lines import LINE, alone, lines
from workrail_engine.store.mending import lost
from workrail_engine.store.queries import NEWEST_FIRST
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import is_a_time

LOOKED_AT: Final = 2_000
"""Sessions that are asked for alone; the next page begins behind them."""
_s = schema.sessions
_ID: Final = text(
    "SELECT session_id FROM sessions INDEXED BY sqlite_autoindex_sessions_1 WHERE number = :number"
)


@dataclass(frozen=True)
class Wanted:
    """Which sessions, in which order."""

    status: Status | None = None
    indexed: tuple[ColumnElement[bool], ...] = ()
    """Further conditions on the time of change and the number, which an index holds."""
    others: tuple[ColumnElement[bool], ...] = ()
    """Conditions that only the row itself answers."""
    order: Sequence[ColumnElement[int]] = field(default=NEWEST_FIRST)


@dataclass(frozen=True)
class Found:
    """Some lines, and how far the list was gone through for them."""

    lines: tuple[ListedSession, ...]
    places: tuple[tuple[object, int], ...]
    """The time of change and the number of each."""
    last: tuple[object, int] | None
    """The last one that was looked at; None when the list ended."""


def lines_apart(connection: Connection, wanted: Wanted, most: int) -> Found:
    """The lines of a list, each session asked for alone.

    Raises:
        StoreDamagedError: the index cannot be read either.
    """
    status = () if wanted.status is None else (_s.c.status == wanted.status,)
    places = select(_s.c.updated_at, _s.c.number).where(*status, *wanted.indexed)
    with noticing_damage():
        order = connection.execute(places.order_by(*wanted.order).limit(LOOKED_AT)).all()
    found: list[ListedSession] = []
    at: list[tuple[object, int]] = []
    for time, number in order:
        line = _line(connection, wanted, number, time)
        if line is not None:
            found.append(line)
            at.append((time, number))
        if len(found) == most:
            return Found(tuple(found), tuple(at), (time, number))
    last = (order[-1].updated_at, order[-1].number) if len(order) == LOOKED_AT else None
    return Found(tuple(found), tuple(at), last)


def _line(connection: Connection, wanted: Wanted, number: int, at: object) -> ListedSession | None:
    try:
        with noticing_damage():
            one = LINE.where(_s.c.number == number, *wanted.others)
            told = lines(connection, connection.execute(one).all())
            return told[0] if told else None
    except StoreDamagedError as error:
        time = at if is_a_time(at) else 0
        named = _id(connection, number)
        return alone(connection, lost(named, number, time, wanted.status, str(error)))


def _id(connection: Connection, number: int) -> str:
    try:
        with noticing_damage():
            return str(connection.execute(_ID, {"number": number}).scalar_one())
    except StoreDamagedError:
        return f"session number {number}"
