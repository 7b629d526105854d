"""What the engine asks of the world.

Real implementations live in `store` and `system`, fakes in `testing`; all keep the promises written
here, and one suite of tests holds each of them to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workrail_engine.ids import Digest, Handle, NodeId, SessionId, WorkflowHash
from workrail_engine.session.events import ArtifactRef, Event
from workrail_engine.session.state import Node, Status


class Clock(Protocol):
    """The present."""

    def now(self) -> datetime:
        """The time, in UTC, with its zone."""
        ...


class Entropy(Protocol):
    """Randomness."""

    def bytes(self, count: int) -> bytes:
        """That many bytes nobody can guess."""
        ...


@dataclass(frozen=True)
class TokenKey:
    """What tokens of one store are made with."""

    secret: bytes
    """32 bytes."""
    store_tag: bytes
    """2 bytes: the first of every handle of this store, so that a stranger's token shows."""


@dataclass(frozen=True)
class AttemptUse:
    """What an attempt came to."""

    payload_digest: Digest
    outcome_node: NodeId
    """The node its acceptance, block or checkpoint created."""


@dataclass(frozen=True)
class Attempt:
    """One try at a node, known by its handle."""

    handle: Handle
    session_id: SessionId
    node_id: NodeId
    used: AttemptUse | None = None


@dataclass(frozen=True)
class SessionHead:
    """What a session's row says of where it stands."""

    session_id: SessionId
    workflow_hash: WorkflowHash
    workflow_id: str
    goal: str
    parent_session_id: SessionId | None
    workspace_path: str | None
    status: Status
    tip: NodeId
    last_node: NodeId
    event_count: int
    head_hash: str


@dataclass(frozen=True)
class Standing:
    """An attempt, its node and its session, read together."""

    head: SessionHead
    node: Node
    attempt: Attempt


@dataclass(frozen=True)
class NewBlob:
    """Bytes to keep under their digest."""

    digest: Digest
    data: bytes


@dataclass(frozen=True)
class SubmittedArtifact:
    """An artifact row: which node's step it was submitted for."""

    ref: ArtifactRef
    node_id: NodeId
    step_id: str
    accepted: bool


@dataclass(frozen=True)
class Change:
    """Everything one command writes. All of it is kept, or nothing."""

    session_id: SessionId
    expected_events: int
    """How many events the session had when the decision was taken; 0 creates the session."""
    at: datetime
    events: Sequence[Event]
    nodes: Sequence[Node]
    """New nodes, as folded from `events`."""
    attempts: Sequence[Attempt]
    """New, unused attempts."""
    used: tuple[Handle, AttemptUse] | None
    """The attempt this change uses up; None at the start."""
    blobs: Sequence[NewBlob]
    artifacts: Sequence[SubmittedArtifact]
    status: Status
    tip: NodeId
    node_title: str | None
    """Title of the step the new node waits on; None at the end of a branch."""
    step_title: str | None
    """Title of the step the session waits on, for lists; not the same for a checkpoint."""
    steps_completed: int
    document: bytes | None = None
    """At the start: the pinned workflow, kept with the session unless it is there already."""


class SessionStore(Protocol):
    """The log and what is kept beside it. Every method is one transaction."""

    def token_key(self) -> TokenKey:
        """The key of this store; made on first use."""
        ...

    def standing(self, handle: Handle) -> Standing | None:
        """The attempt with this handle, its node and its session; None when unknown."""
        ...

    def node(self, session_id: SessionId, node_id: NodeId) -> Node:
        """One node.

        Raises:
            CorruptSessionError: the session has no such node.
        """
        ...

    def head(self, session_id: SessionId) -> SessionHead:
        """Where a session stands.

        Raises:
            SessionNotFoundError: no such session.
        """
        ...

    def open_attempt(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest unused attempt of a node; None for a node that ends its branch."""
        ...

    def commit(self, change: Change) -> None:
        """Write a whole change, or none of it.

        Raises:
            ConflictError: the session has moved since (other event count, or the attempt is used);
                nothing was written.
            StoreUnavailableError: the database refused; nothing was written.
        """
        ...

    def blobs(self, digests: Sequence[Digest]) -> dict[Digest, bytes]:
        """The content of some blobs; those that are unknown are left out."""
        ...

    def pin(self, workflow_hash: WorkflowHash, document: bytes) -> None:
        """Keep a pinned workflow (idempotent)."""
        ...

    def pinned(self, workflow_hash: WorkflowHash) -> bytes | None:
        """A pinned workflow's canonical JSON."""
        ...

    def notes_before(self, session_id: SessionId, node_id: NodeId, budget: int) -> "NotesTrail":
        """Notes of the steps completed on the way to a node, newest first, up to some bytes."""
        ...


@dataclass(frozen=True)
class StepNote:
    """Notes that completed a step."""

    step_id: str
    iteration: int | None
    notes: str


@dataclass(frozen=True)
class NotesTrail:
    """Notes along a branch, newest first."""

    notes: tuple[StepNote, ...]
    omitted: int
    """How many older ones are left out because of the budget."""
