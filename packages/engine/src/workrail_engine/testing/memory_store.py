"""A session store in memory, with the promises of the real one.

`test_store_conformance.py` holds both to them. Nothing outlives the object.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from workrail_engine.canonical import digest_bytes
from workrail_engine.errors import (
    ConflictError,
    CorruptSessionError,
    LeaseLostError,
    SessionNotFoundError,
)
from workrail_engine.ids import Digest, Handle, NodeId, SessionId, WorkflowHash
from workrail_engine.ports import (
    Attempt,
    Change,
    Entropy,
    NotesTrail,
    SessionHead,
    Standing,
    StepNote,
    TokenKey,
)
from workrail_engine.session.events import Event, SessionStarted, StepCompleted
from workrail_engine.session.state import Node
from workrail_engine.testing.world import SeededEntropy


@dataclass
class _Session:
    head: SessionHead
    events: list[Event] = field(default_factory=list[Event])
    nodes: dict[NodeId, Node] = field(default_factory=dict[NodeId, Node])
    arrivals: dict[NodeId, StepCompleted] = field(default_factory=dict[NodeId, StepCompleted])
    """The completed step that led to each node."""


class MemoryStore:
    """See `ports.SessionStore`."""

    def __init__(self, entropy: Entropy | None = None) -> None:
        entropy = entropy or SeededEntropy("store")
        self._key = TokenKey(entropy.bytes(32), entropy.bytes(2))
        self._sessions: dict[SessionId, _Session] = {}
        self._attempts: dict[Handle, Attempt] = {}
        self._blobs: dict[Digest, bytes] = {}
        self._pins: dict[WorkflowHash, bytes] = {}
        self._lock = Lock()

    def token_key(self) -> TokenKey:
        """The key of this store."""
        return self._key

    def standing(self, handle: Handle) -> Standing | None:
        """The attempt with this handle, its node and its session; None when unknown."""
        with self._lock:
            attempt = self._attempts.get(handle)
            if attempt is None:
                return None
            session = self._sessions[attempt.session_id]
            return Standing(session.head, session.nodes[attempt.node_id], attempt)

    def node(self, session_id: SessionId, node_id: NodeId) -> Node:
        """One node; CorruptSessionError when there is none."""
        session = self._sessions.get(session_id)
        if session is None or node_id not in session.nodes:
            message = f"Session {session_id} has no node {node_id}."
            raise CorruptSessionError(message)
        return session.nodes[node_id]

    def head(self, session_id: SessionId) -> SessionHead:
        """Where a session stands; SessionNotFoundError when there is none."""
        session = self._sessions.get(session_id)
        if session is None:
            message = f"No session {session_id} in this store."
            raise SessionNotFoundError(message)
        return session.head

    def started(self, session_id: SessionId) -> SessionStarted:
        """How a session began."""
        self.head(session_id)
        first = self._sessions[session_id].events[0]
        if isinstance(first, SessionStarted):
            return first
        message = f"Session {session_id} does not begin with its start."
        raise CorruptSessionError(message)

    def open_attempt(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest unused attempt of a node."""
        for attempt in reversed(self._attempts.values()):
            if (attempt.session_id, attempt.node_id, attempt.used) == (session_id, node_id, None):
                return attempt
        return None

    def newest_use(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest attempt at a node that was used."""
        for attempt in reversed(self._attempts.values()):
            if (attempt.session_id, attempt.node_id) == (session_id, node_id) and attempt.used:
                return attempt
        return None

    def commit(self, change: Change) -> None:
        """Write a whole change, or none of it; ConflictError when the session has moved."""
        with self._lock:
            if change.lease is not None:
                message = f"Nobody drives session {change.session_id}: nothing here is claimed."
                raise LeaseLostError(message)
            session = self._session_for(change)
            self._check(change, session)
            if change.used is not None:
                handle, use = change.used
                self._attempts[handle] = replace(self._attempts[handle], used=use)
            self._grow(session, change)
            self._sessions[change.session_id] = session
            if change.document is not None:
                self._pins.setdefault(session.head.workflow_hash, change.document)
            self._attempts |= {attempt.handle: attempt for attempt in change.attempts}
            self._blobs |= {blob.digest: blob.data for blob in change.blobs}

    def blobs(self, digests: Sequence[Digest]) -> dict[Digest, bytes]:
        """The content of some blobs; unknown ones are left out."""
        return {digest: self._blobs[digest] for digest in digests if digest in self._blobs}

    def pin(self, workflow_hash: WorkflowHash, document: bytes) -> None:
        """Keep a pinned workflow; nothing happens when it is there."""
        self._pins.setdefault(workflow_hash, document)

    def pinned(self, workflow_hash: WorkflowHash) -> bytes | None:
        """A pinned workflow's canonical JSON."""
        return self._pins.get(workflow_hash)

    def notes_before(self, session_id: SessionId, node_id: NodeId, budget: int) -> NotesTrail:
        """Notes of the steps completed on the way to a node, newest first, up to some bytes."""
        session = self._sessions[session_id]
        notes: list[StepNote] = []
        at: NodeId | None = node_id
        while at is not None:
            node, arrival = session.nodes[at], session.arrivals.get(at)
            if arrival is not None and arrival.notes is not None:
                budget -= len(arrival.notes.encode())
                if budget < 0:
                    return NotesTrail(tuple(notes), node.position.completed)
                notes.append(StepNote(arrival.step_id, arrival.iteration, arrival.notes))
            at = node.parent
        return NotesTrail(tuple(notes), 0)

    def events(self, session_id: SessionId) -> tuple[Event, ...]:
        """The whole log of a session."""
        return tuple(self._sessions[session_id].events)

    def _session_for(self, change: Change) -> _Session:
        known = self._sessions.get(change.session_id)
        found = 0 if known is None else known.head.event_count
        if found != change.expected_events:
            message = f"Session {change.session_id} has {found} events."
            raise ConflictError(message)
        return known or _Session(_first_head(change))

    def _check(self, change: Change, session: _Session) -> None:
        if change.used is not None:
            attempt = self._attempts.get(change.used[0])
            if attempt is None or attempt.used is not None:
                message = "This attempt was used meanwhile."
                raise ConflictError(message)
        taken = any(attempt.handle in self._attempts for attempt in change.attempts)
        if taken or any(node.node_id in session.nodes for node in change.nodes):
            message = "Someone else wrote the same place first."
            raise ConflictError(message)

    @staticmethod
    def _grow(session: _Session, change: Change) -> None:
        session.events.extend(change.events)
        arrival = next((e for e in change.events if isinstance(e, StepCompleted)), None)
        for node in change.nodes:
            session.nodes[node.node_id] = node
            if arrival is not None:
                session.arrivals[node.node_id] = arrival
            if node.parent is not None and node.kind != "checkpoint":
                parent = session.nodes[node.parent]
                session.nodes[node.parent] = replace(parent, children=parent.children + 1)
        session.head = replace(
            session.head,
            status=change.status,
            tip=change.tip,
            last_node=max((session.head.last_node, *(node.node_id for node in change.nodes))),
            event_count=len(session.events),
            updated_at=max(session.head.updated_at, change.at),
            head_hash=digest_bytes(f"{session.head.head_hash}{change.events}".encode()),
        )


def _first_head(change: Change) -> SessionHead:
    started = change.events[0]
    if not isinstance(started, SessionStarted):
        message = f"A change that creates {change.session_id} must begin with its start."
        raise TypeError(message)
    return SessionHead(
        session_id=change.session_id,
        workflow_hash=started.workflow_hash,
        workflow_id=started.workflow_id,
        goal=started.goal,
        parent_session_id=started.parent_session_id,
        workspace_path=started.workspace.path,
        status=change.status,
        tip=change.tip,
        last_node=NodeId(0),
        event_count=0,
        head_hash=digest_bytes(b""),
        updated_at=change.at,
    )
