"""One page: a session's story, step by step, on every branch."""

from dataclasses import dataclass

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import NodeKind


@dataclass(frozen=True)
class ArtifactLine:
    """An artifact as a page lists it."""

    digest: Digest
    kind: str
    size: int
    accepted: bool


@dataclass(frozen=True)
class NodeLine:
    """A point of the run, with what was sent there."""

    node_id: NodeId
    parent: NodeId | None
    kind: NodeKind
    step_id: str | None
    title: str | None
    iteration: int | None
    reached_at: str
    completed_at: str | None
    """When the node's step was completed (on any branch); None while it is pending."""
    notes: str | None
    """Notes that completed the step, or that a blocked attempt or a checkpoint carried."""
    artifacts: tuple[ArtifactLine, ...]
    blockers: tuple[Blocker, ...]
    notices: tuple[str, ...]
    """What happened on the way to this node, in words: skips, loop ends, a new branch."""
    on_tip_branch: bool
    """Whether the node lies on the branch the session now stands on."""


@dataclass(frozen=True)
class SessionDetail:
    """Everything one page shows of a session."""

    summary: SessionSummary
    workflow_hash: str
    nodes: tuple[NodeLine, ...]
    """In the order they were reached."""
    context: JsonObject
    """The context at the tip."""
    children: tuple[SessionSummary, ...]
    """Sessions started with this one as their parent."""
