"""What is everything one page shows of a session?

This reads the rows; `projections.story` tells them. The log itself is read, in one pass, only for what
no row holds: the notes of completed steps, what checks found, and how approvals were answered.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import Connection, select

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.projections.session_detail import (
    AnswerLine,
    ArtifactLine,
    CheckLine,
    SessionDetail,
)
from workrail_engine.projections.story import Completion, Judged, NodeFacts, node_lines
from workrail_engine.session.events import ApprovalAnswered, CheckRecorded, Event, StepCompleted
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled
from workrail_engine.store.codec import decode
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.positions import head, missing_node
from workrail_engine.store.queries import children, summary
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.rows import NODE_COLUMNS, damaged, node_of, rfc3339

_s, _e, _n, _a = schema.sessions, schema.events, schema.nodes, schema.artifacts
_TOLD = ("step_completed", "check_recorded", "approval_answered")
_NODE_MAKERS = (
    "step_reached",
    "attempt_blocked",
    "approval_asked",
    "checkpoint_taken",
    "run_completed",
)


@dataclass
class _Log:
    """What only the log says of a session."""

    reached: dict[NodeId, str] = field(default_factory=dict[NodeId, str])
    """When each node was reached."""
    completions: dict[int, Completion] = field(default_factory=dict[int, Completion])
    """Every completed step by its place in the log."""
    checks: dict[NodeId, list[CheckLine]] = field(default_factory=dict[NodeId, list[CheckLine]])
    """By the node the attempt was made at."""
    answers: dict[NodeId, AnswerLine] = field(default_factory=dict[NodeId, AnswerLine])
    """By the node that waited."""


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
    log = _log(connection, session_id, number)
    facts = _nodes(connection, session_id, number, log.reached)
    tip = next((fact.node for fact in facts if fact.node.node_id == where.tip), None)
    if tip is None:
        raise missing_node(session_id, where.tip)
    return SessionDetail(
        summary=summary(connection, session_id),
        workflow_hash=where.workflow_hash,
        nodes=node_lines(
            facts,
            log.completions,
            _artifacts(connection, number),
            Judged(session_id, log.checks, log.answers),
            where.tip,
        ),
        context=_context(connection, session_id, tip.context_ref),
        children=children(connection, session_id),
    )


def _log(connection: Connection, session_id: SessionId, number: int) -> _Log:
    log = _Log()
    columns = (_e.c.seq, _e.c.kind, _e.c.node, _e.c.at, _e.c.payload)
    statement = select(*columns).where(_e.c.session == number).order_by(_e.c.seq)
    checks: list[tuple[NodeId, CheckLine]] = []
    for row in connection.execute(statement):
        if row.kind in _NODE_MAKERS:
            reached = NodeId(row.node)
            log.reached[reached] = rfc3339(row.at)
            for node, line in checks:
                log.checks.setdefault(node, []).append(replace(line, led_to=reached))
            checks.clear()
        elif row.kind in _TOLD:
            event = _event(session_id, row.seq, row.kind, row.payload)
            match event:
                case StepCompleted():
                    done = Completion(event.node, rfc3339(row.at), event.notes)
                    log.completions[row.seq] = done
                case CheckRecorded():
                    checks.append((event.node, _check(event, rfc3339(row.at))))
                case ApprovalAnswered():
                    log.answers[event.node] = _answer(event, rfc3339(row.at))
                case _:
                    pass
    for node, line in checks:  # of a damaged log, whose last attempt has no end
        log.checks.setdefault(node, []).append(line)
    return log


def _event(session_id: SessionId, seq: int, kind: str, payload: str) -> Event:
    try:
        return decode(kind, payload)
    except DamagedRecordError as error:
        raise damaged(session_id, f"event {seq}", error) from error


def _check(event: CheckRecorded, at: str) -> CheckLine:
    return CheckLine(
        check_id=event.check_id,
        kind=event.kind,
        outcome=event.outcome,
        summary=event.summary,
        problems=event.problems,
        tree=event.tree,
        reused=event.reused,
        argv=event.argv,
        exit_code=event.exit_code,
        counts=event.counts,
        output=None if event.output is None else event.output.digest,
        at=at,
        led_to=None,
    )


def _answer(event: ApprovalAnswered, at: str) -> AnswerLine:
    return AnswerLine(event.verdict, event.by, event.channel, event.note, at)


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
