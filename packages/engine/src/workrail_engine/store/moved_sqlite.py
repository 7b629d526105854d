"""Which sessions moved in a file after a place in the order of commits?

One writes at a time, so the row ids of events follow the order of commits, whatever the clocks of the
writers said. A place is the time and the row id of an event. Where that event is gone, rows were removed
or the file is another one, and anything may have moved.
"""

import re
from typing import Final

from sqlalchemy import Connection, text

from workrail_engine.store.moved import AT_ONCE, Moved

_PLACE: Final = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})")
_NEWEST: Final = text("SELECT CAST(at AS INTEGER), rowid FROM events ORDER BY rowid DESC LIMIT 1")
_SAME: Final = text("SELECT 1 FROM events WHERE rowid = :row AND CAST(at AS INTEGER) = :at")
_AFTER: Final = text("SELECT session, rowid FROM events WHERE rowid > :row ORDER BY rowid")


def moved(connection: Connection, after: str | None, most: int) -> Moved | None:
    """What was committed after a place; None where the place is not one of a file."""
    at, newest = connection.execute(_NEWEST).one_or_none() or (0, 0)
    present = f"{at}.{newest}"
    if after in (None, present):
        return Moved(present, (), complete=True)
    place = _PLACE.fullmatch(after)
    if place is None:
        return None
    row = int(place[2])
    known = {"at": int(place[1]), "row": row}
    lost = row > 0 and connection.execute(_SAME, known).scalar() is None
    if lost or newest - row > AT_ONCE:
        return Moved(present, (), complete=False)
    last = dict(connection.execute(_AFTER, {"row": row}).all())
    sessions = sorted(last, key=lambda session: last[session])
    named = len(sessions) <= most
    return Moved(present, sessions if named else (), complete=named)
