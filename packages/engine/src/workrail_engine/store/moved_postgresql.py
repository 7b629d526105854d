"""Which sessions moved in a database on a server after a place in the order of commits?

A place is a snapshot as the server writes it: `first:last:under way`, numbers of transactions. What moved
are the rows of sessions that this snapshot shows and that one did not. So a commit that was under way is
not missed, none is told twice, and no clock is asked. Our writers begin no transaction within another;
a snapshot would not name it.

The rows of all sessions are gone through, about five milliseconds for 100,000: only when any
transaction of the server wrote something.
"""

import re
from typing import Final

from sqlalchemy import Connection, text

from workrail_engine.store.moved import NOWHERE, Moved

_PLACE: Final = re.compile(r"([0-9]{1,20}):([0-9]{1,20}):([0-9,]*)")
_IN_A_ROW: Final = 1 << 32
"""A snapshot counts transactions on, a row begins again here."""
_TOO_LONG_AGO: Final = 1 << 30
_SNAPSHOT: Final = text("SELECT CAST(pg_current_snapshot() AS text)")
_WRITTEN_AFTER: Final = text(
    "SELECT number FROM sessions"
    " WHERE age(xmin) <= age(CAST(:first AS xid)) AND age(xmin) >= 0"
    " AND (age(xmin) <= age(CAST(:last AS xid))"
    " OR CAST(xmin AS text) = ANY(CAST(:under_way AS text[])))"
    " ORDER BY updated_at, number LIMIT :most"
)


def moved(connection: Connection, after: str | None, most: int) -> Moved | None:
    """What was committed after a place; None where the place is not one of a server."""
    present = str(connection.execute(_SNAPSHOT).scalar_one())
    if after is None or after == present:
        return Moved(present, (), complete=True)
    if after == NOWHERE:
        return Moved(present, (), complete=False)
    place = _PLACE.fullmatch(after)
    if place is None:
        return None
    if not 0 <= int(present.partition(":")[0]) - int(place[1]) < _TOO_LONG_AGO:
        return Moved(present, (), complete=False)
    values = {
        "first": _in_a_row(place[1]),
        "last": _in_a_row(place[2]),
        "under_way": [_in_a_row(one) for one in place[3].split(",") if one],
        "most": most + 1,
    }
    sessions = connection.execute(_WRITTEN_AFTER, values).scalars().all()
    named = len(sessions) <= most
    return Moved(present, sessions if named else (), complete=named)


def _in_a_row(number: str) -> str:
    return str(int(number) % _IN_A_ROW)
