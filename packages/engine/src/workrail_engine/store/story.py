"""What is everything one page shows of a session?

This reads the rows; `projections.story` tells them. The log itself is read only for the notes of
completed steps.
"""

import json
from typing import Any, cast

from sqlalchemy import Connection, select

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.projections.session_detail import ArtifactLine, SessionDetail
from workrail_engine.projections.story import Completion, NodeFacts, node_lines
from workrail_engine.session.events import StepCompleted
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled
from workrail_engine.store.codec import decode
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.positions import head, missing_node
from workrail_engine.store.queries import children, summary
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.rows import NODE_COLUMNS, damaged, node_of, rfc3339

_s, _e, _n, _a = schema.sessions, schema.events, schema.nodes, schema.artifacts


def session_detail(connection: Connection, session_id: SessionId) -> SessionDetail:
    """Everything one page shows of a session.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: what is stored of it contradicts itself.
    """
    where = head(connection, session_id)
    number = connection.execute(
        select(_s.c.number).where(_s.c.session_id == session_id)
    ).scalar_one()
    reached, completions = _log(connection, session_id, number)
    facts = _nodes(connection, session_id, number, reached)
    tip = next((fact.node for fact in facts if fact.node.node_id == where.tip), None)
    if tip is None:
        raise missing_node(session_id, where.tip)
    return SessionDetail(
        summary=summary(connection, session_id),
        workflow_hash=where.workflow_hash,
        nodes=node_lines(facts, completions, _artifacts(connection, number), where.tip),
        context=_context(connection, session_id, tip.context_ref),
        children=children(connection, session_id),
    )


def _log(
    connection: Connection, session_id: SessionId, number: int
) -> tuple[dict[NodeId, str], dict[int, Completion]]:
    """When each node was reached, and every completed step by its place in the log."""
    reached: dict[NodeId, str] = {}
    completions: dict[int, Completion] = {}
    columns = (_e.c.seq, _e.c.kind, _e.c.node, _e.c.at, _e.c.payload)
    statement = select(*columns).where(_e.c.session == number).order_by(_e.c.seq)
    for row in connection.execute(statement):
        match row.kind:
            case "step_completed":
                event = _completed(session_id, row.seq, row.kind, row.payload)
                completions[row.seq] = Completion(event.node, rfc3339(row.at), event.notes)
            case "step_reached" | "attempt_blocked" | "checkpoint_taken" | "run_completed":
                reached[NodeId(row.node)] = rfc3339(row.at)
            case _:
                pass
    return reached, completions


def _completed(session_id: SessionId, seq: int, kind: str, payload: str) -> StepCompleted:
    try:
        return cast("StepCompleted", decode(kind, payload))
    except DamagedRecordError as error:
        raise damaged(session_id, f"event {seq}", error) from error


def _nodes(
    connection: Connection, session_id: SessionId, number: int, reached: dict[NodeId, str]
) -> list[NodeFacts]:
    columns = (*NODE_COLUMNS, _n.c.title, _n.c.arrival)
    statement = select(*columns).where(_n.c.session == number).order_by(_n.c.node)
    return [
        NodeFacts(
            node=node_of(row, session_id),
            title=row.title,
            arrival=row.arrival,
            reached_at=reached.get(NodeId(row.node), ""),
        )
        for row in connection.execute(statement)
    ]


def _artifacts(connection: Connection, number: int) -> dict[NodeId, list[ArtifactLine]]:
    columns = (_a.c.node, _a.c.digest, _a.c.kind, _a.c.size, _a.c.accepted)
    statement = select(*columns).where(_a.c.session == number).order_by(_a.c.number)
    lines: dict[NodeId, list[ArtifactLine]] = {}
    for row in connection.execute(statement):
        line = ArtifactLine(
            Digest(spelled(row.digest)), row.kind, row.size, accepted=bool(row.accepted)
        )
        lines.setdefault(NodeId(row.node), []).append(line)
    return lines


def _context(connection: Connection, session_id: SessionId, ref: Digest) -> JsonObject:
    content = read_blobs(connection, [ref]).get(ref)
    if content is None:
        raise damaged(session_id, "the context", KeyError(raw(ref).hex()))
    return cast("dict[str, Any]", json.loads(content))
