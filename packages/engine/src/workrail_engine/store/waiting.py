"""Which sessions stand at a node that waits for approval?"""

from sqlalchemy import Connection, select

from workrail_engine.ids import SessionId
from workrail_engine.store import schema

_s = schema.sessions.c
_WAITING = select(_s.session_id).where(_s.status == "waiting").order_by(_s.updated_at, _s.number)


def waiting(connection: Connection) -> tuple[SessionId, ...]:
    """Their ids, longest waiting first."""
    return tuple(SessionId(one) for one in connection.execute(_WAITING).scalars())
