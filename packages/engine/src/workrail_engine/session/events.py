"""The closed set of facts a session's log can hold.

Every event is past tense and complete in itself: folding a log needs no workflow definition. Events
name nodes, the points a run reached. Content of artifacts is not in the log but in the blob store,
named by digest; notes are in the log whole.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import Digest, LoopId, NodeId, SessionId, StepId, WorkflowHash, WorkflowId
from workrail_engine.outcomes import Blocker


@dataclass(frozen=True)
class Workspace:
    """Where the work happens; parts are None where they could not be known."""

    path: str | None = None
    repository: str | None = None
    """Root of the git work tree."""
    branch: str | None = None
    head: str | None = None
    """Commit the work tree stood on."""


@dataclass(frozen=True)
class LoopFrame:
    """The loop a run is in. Loops do not nest, so there is at most one."""

    index: int
    """Place of the loop among the top-level steps."""
    iteration: int
    """From 0."""
    body_index: int
    """The next body step to consider in this pass."""
    stop: bool | None = None
    """What the loop's own steps decided in this pass by artifact; None: nothing yet."""


@dataclass(frozen=True)
class Position:
    """Where a run stands, in a size that does not grow with the steps done.

    Every top-level step before `frontier` is completed, except those in `skipped` and the one that
    is pending.
    """

    frontier: int = 0
    skipped: tuple[int, ...] = ()
    at: int | None = None
    """Place of the pending step (or of its loop) among the top-level steps; None when none is."""
    frame: LoopFrame | None = None
    completed: int = 0
    """How many steps were completed on the way here, each pass of a loop counted."""


@dataclass(frozen=True)
class ArtifactRef:
    """A submitted artifact: its content lies in the blob store under `digest`."""

    digest: Digest
    kind: str
    size: int
    """Bytes of the canonical JSON."""
    assessment_id: str | None = None


@dataclass(frozen=True)
class DimensionReading:
    """The level an agent gave one dimension of an assessment."""

    dimension_id: str
    level: str
    rationale: str | None
    normalized: bool
    """True when the level matched only after trimming and lower-casing."""


@dataclass(frozen=True)
class SessionStarted:
    """A session began: one run of one pinned workflow."""

    session_id: SessionId
    workflow_id: WorkflowId
    workflow_hash: WorkflowHash
    goal: str
    origin: str
    """Which program started it: `mcp`, `daemon`, `cli`."""
    workspace: Workspace
    parent_session_id: SessionId | None
    context: JsonObject


@dataclass(frozen=True)
class StepCompleted:
    """The pending step of a node was acknowledged, with this output."""

    node: NodeId
    attempt: str
    """Handle of the attempt, hex."""
    payload_digest: Digest
    step_id: StepId
    iteration: int | None
    notes: str | None
    artifacts: tuple[ArtifactRef, ...]
    context_delta: JsonObject
    """Shallow; a null deletes the key."""


@dataclass(frozen=True)
class AssessmentRecorded:
    """An accepted self-assessment."""

    node: NodeId
    assessment_id: str
    dimensions: tuple[DimensionReading, ...]
    summary: str | None


@dataclass(frozen=True)
class StepSkipped:
    """A step's run condition did not hold when its turn came."""

    node: NodeId
    """The node whose completion led past the step; 0 at the start."""
    step_id: str
    iteration: int | None
    condition: str
    """The condition, in words."""
    seen: tuple[tuple[str, JsonValue], ...]
    """The variables it read and the values they had."""
    unset: tuple[str, ...]
    """Those of them that were never set."""


@dataclass(frozen=True)
class LoopEntered:
    """A loop's first pass began."""

    node: NodeId
    loop_id: LoopId


@dataclass(frozen=True)
class LoopRepeated:
    """A further pass began."""

    node: NodeId
    loop_id: LoopId
    iteration: int


LoopExitCause: TypeAlias = Literal["condition", "stopped", "count", "limit"]


@dataclass(frozen=True)
class LoopExited:
    """A loop ended, or was passed over because its condition did not hold at entry."""

    node: NodeId
    loop_id: LoopId
    passes: int
    cause: LoopExitCause


@dataclass(frozen=True)
class StepReached:
    """A step became pending: a new node."""

    node: NodeId
    parent: NodeId | None
    step_id: StepId
    iteration: int | None
    position: Position
    context_ref: Digest


@dataclass(frozen=True)
class AttemptBlocked:
    """An attempt was not accepted: a new node that holds what was sent."""

    node: NodeId
    parent: NodeId
    attempt: str
    payload_digest: Digest
    step_id: StepId
    iteration: int | None
    blockers: tuple[Blocker, ...]
    notes: str | None
    artifacts: tuple[ArtifactRef, ...]
    context_delta: JsonObject
    position: Position
    context_ref: Digest


@dataclass(frozen=True)
class CheckpointTaken:
    """A durable point beside a pending step: a new node that is never the tip."""

    node: NodeId
    parent: NodeId
    payload_digest: Digest
    notes: str | None
    context_delta: JsonObject
    context_ref: Digest


@dataclass(frozen=True)
class BranchStarted:
    """A node that already led somewhere led somewhere else: the run forked."""

    node: NodeId
    """The node that now has more than one successor."""


@dataclass(frozen=True)
class RunCompleted:
    """No step is left: a new node, the end of its branch."""

    node: NodeId
    parent: NodeId | None
    position: Position
    context_ref: Digest
    skipped: tuple[str, ...]
    """Steps that never ran on this branch."""


Event: TypeAlias = (
    SessionStarted
    | StepCompleted
    | AssessmentRecorded
    | StepSkipped
    | LoopEntered
    | LoopRepeated
    | LoopExited
    | StepReached
    | AttemptBlocked
    | CheckpointTaken
    | BranchStarted
    | RunCompleted
)
