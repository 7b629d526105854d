"""What is everything one page shows of a session?

The rows and the log are read in `store/stretch.py`; `projections.story` tells them.
"""

import json
import zlib
from typing import Any, cast

from sqlalchemy import Connection, select

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, SessionId
from workrail_engine.projections.session_detail import NodeLine, SessionDetail
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.queries import children, summary
from workrail_engine.store.rows import damaged
from workrail_engine.store.stretch import Whole, stretch, whole

_s, _n = schema.sessions.c, schema.nodes.c


def session_detail(connection: Connection, session_id: SessionId) -> SessionDetail:
    """Everything one page shows of a session.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: what is stored of it contradicts itself.
    """
    of = whole(connection, session_id)
    return detail_of(connection, of, stretch(connection, of, 0, len(of.points)))


def detail_of(connection: Connection, of: Whole, nodes: tuple[NodeLine, ...]) -> SessionDetail:
    """What is told of a session beside its nodes, with some of those.

    Raises:
        CorruptSessionError: its context cannot be read.
    """
    workflow_hash = select(_s.workflow_hash).where(_s.number == of.number)
    context_ref = select(_n.context_ref).where(_n.session == of.number, _n.node == of.tip)
    return SessionDetail(
        summary=summary(connection, of.session_id),
        workflow_hash=spelled(connection.execute(workflow_hash).scalar_one()),
        nodes=nodes,
        context=_context(
            connection, of.session_id, Digest(spelled(connection.execute(context_ref).scalar_one()))
        ),
        children=children(connection, of.session_id),
    )


def _context(connection: Connection, session_id: SessionId, ref: Digest) -> JsonObject:
    try:
        content = read_blobs(connection, [ref]).get(ref)
        if content is not None:
            return cast("dict[str, Any]", json.loads(content))
    except (ValueError, zlib.error) as error:
        raise damaged(session_id, "the context", error) from error
    raise damaged(session_id, "the context", KeyError(raw(ref).hex()))
