"""Which sessions changed after a place in the store's history?"""

from sqlalchemy import Connection, select

from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import Changes
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of

_s = schema.sessions


def changes(connection: Connection, cursor: str | None, limit: int) -> Changes:
    """The sessions that changed after a cursor; with None none, and the present place.

    Raises:
        InvalidInputError: no store of this kind could have named the cursor.
    """
    moved = dialect_of(connection).moved(connection, cursor, limit)
    if moved is None:
        message = f"'{cursor}' is not a place in this store's history. Begin again without it."
        raise InvalidInputError(message)
    statement = select(_s.c.number, _s.c.session_id)
    among = dialect_of(connection).among(moved.sessions)
    ids = dict(connection.execute(statement.where(among)).all()) if moved.sessions else {}
    sessions = tuple(SessionId(ids[number]) for number in moved.sessions if number in ids)
    return Changes(moved.place, sessions, moved.complete)
