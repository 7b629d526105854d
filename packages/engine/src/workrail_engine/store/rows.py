"""How do rows become the engine's values, and the other way round?"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, TypeGuard

from sqlalchemy import Row

from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import Digest, Handle, NodeId, SessionId, WorkflowHash
from workrail_engine.ports import Attempt, AttemptUse, SessionHead
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import Node
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled
from workrail_engine.store.codec import (
    decode_kept,
    decode_position,
    decode_trace,
    encode_kept,
    encode_position,
    encode_trace,
)
from workrail_engine.store.record import DamagedRecordError

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns the reader of it knows."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND

_s, _n, _a = schema.sessions.c, schema.nodes.c, schema.attempts.c

HEAD_COLUMNS: Final = (
    _s.number,
    _s.session_id,
    _s.workflow_hash,
    _s.workflow_id,
    _s.goal,
    _s.parent_session_id,
    _s.workspace_path,
    _s.status,
    _s.tip,
    _s.last_node,
    _s.event_count,
    _s.head_hash,
    _s.updated_at,
)
NODE_COLUMNS: Final = (
    _n.node,
    _n.parent,
    _n.kind,
    _n.step_id,
    _n.iteration,
    _n.position,
    _n.context_ref,
    _n.kept,
    _n.trace,
    _n.children,
)
ATTEMPT_COLUMNS: Final = (_a.handle, _a.payload_digest, _a.outcome_node)
SUMMARY_COLUMNS: Final = (
    _s.number,
    _s.session_id,
    _s.workflow_id,
    _s.goal,
    _s.status,
    _s.step_title,
    _s.steps_completed,
    _s.event_count,
    _s.origin,
    _s.parent_session_id,
    _s.repository,
    _s.branch,
    _s.created_at,
    _s.updated_at,
    schema.workflows.c.name.label("workflow_name"),
)
"""Needs `sessions` left-joined with `workflows`."""


def microseconds(at: datetime) -> int:
    """A time as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """A stored time; one that a calendar does not hold as the nearest it does."""
    return _EPOCH + min(max(stored, _EARLIEST), _LATEST) * _MICROSECOND


def is_a_time(stored: object) -> TypeGuard[int]:
    """Whether what is stored is a time that a calendar holds."""
    return isinstance(stored, int) and _EARLIEST <= stored <= _LATEST


def rfc3339(stored: int) -> str:
    """A stored time as text, in UTC."""
    return moment(stored).isoformat(timespec="microseconds").replace("+00:00", "Z")


def head_of(row: AnyRow) -> SessionHead:
    """Where a session stands, from `HEAD_COLUMNS`."""
    parent = row.parent_session_id
    return SessionHead(
        session_id=SessionId(row.session_id),
        workflow_hash=WorkflowHash(spelled(row.workflow_hash)),
        workflow_id=row.workflow_id,
        goal=row.goal,
        parent_session_id=None if parent is None else SessionId(parent),
        workspace_path=row.workspace_path,
        status=row.status,
        tip=NodeId(row.tip),
        last_node=NodeId(row.last_node),
        event_count=row.event_count,
        head_hash=spelled(row.head_hash),
        updated_at=moment(row.updated_at),
    )


def node_of(row: AnyRow, session_id: str) -> Node:
    """A node, from `NODE_COLUMNS`.

    Raises:
        CorruptSessionError: the row is not what was written.
    """
    try:
        kept = decode_kept(row.kept)
        return Node(
            node_id=NodeId(row.node),
            parent=None if row.parent is None else NodeId(row.parent),
            kind=row.kind,
            step_id=row.step_id,
            iteration=row.iteration,
            position=decode_position(row.position),
            context_ref=Digest(spelled(row.context_ref)),
            blockers=kept.blockers,
            notes=kept.notes,
            artifacts=kept.artifacts,
            ask=kept.ask,
            trace=decode_trace(row.trace),
            children=row.children,
        )
    except DamagedRecordError as error:
        raise damaged(session_id, f"node {row.node}", error) from error


def attempt_of(row: AnyRow, session_id: SessionId) -> Attempt:
    """An attempt, from `ATTEMPT_COLUMNS` and the node's number."""
    used = (
        None
        if row.outcome_node is None
        else AttemptUse(Digest(spelled(row.payload_digest)), NodeId(row.outcome_node))
    )
    return Attempt(Handle(row.handle), session_id, NodeId(row.node), used)


def summary_of(row: AnyRow) -> SessionSummary:
    """One line of a list, from `SUMMARY_COLUMNS`."""
    parent = row.parent_session_id
    return SessionSummary(
        session_id=SessionId(row.session_id),
        workflow_id=row.workflow_id,
        workflow_name=row.workflow_name or row.workflow_id,
        goal=row.goal,
        status=row.status,
        step_title=row.step_title,
        steps_completed=row.steps_completed,
        event_count=row.event_count,
        origin=row.origin,
        parent_session_id=None if parent is None else SessionId(parent),
        repository=row.repository,
        branch=row.branch,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
    )


def node_values(node: Node) -> dict[str, object]:
    """A node's columns, but for its session, title and arrival."""
    return {
        "node": node.node_id,
        "parent": node.parent,
        "kind": node.kind,
        "step_id": node.step_id,
        "iteration": node.iteration,
        "position": encode_position(node.position),
        "context_ref": raw(node.context_ref),
        "kept": encode_kept(node),
        "trace": encode_trace(node.trace),
        "children": node.children,
    }


def damaged(session_id: str, what: str, error: Exception) -> CorruptSessionError:
    """The failure to report when a row of a session cannot be read."""
    return CorruptSessionError(
        f"Session {session_id}: {what} cannot be read: {error}. Other sessions are not affected. Run "
        f"`workrail session verify {session_id}` to see all that is wrong."
    )
