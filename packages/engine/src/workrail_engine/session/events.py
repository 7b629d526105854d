"""The closed set of facts a session's log can hold.

Every event is past tense and complete in itself: folding a log needs no workflow definition. Events
name nodes, the points a run reached. Content of artifacts is not in the log but in the blob store,
named by digest; notes are in the log whole.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict

from workrail_engine.agent_events import AgentEvent
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import Digest, LoopId, NodeId, SessionId, StepId, WorkflowHash, WorkflowId
from workrail_engine.outcomes import Blocker
from workrail_engine.workflow.checks import CheckOutcome, Counts, RunnableKind


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
    passed: tuple[tuple[str, str], ...] | None = None
    """(check, tree) for each check that passed when it was last run, and the files it passed for;
    None: none did."""


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


class Tried(TypedDict):
    """The fields that the events of an attempt share; `StepCompleted` explains them."""

    attempt: str
    payload_digest: Digest
    step_id: StepId
    iteration: int | None
    notes: str | None
    artifacts: tuple[ArtifactRef, ...]
    context_delta: JsonObject


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
class CheckRecorded:
    """A check was run, or spared, for an attempt at a node."""

    node: NodeId
    step_id: StepId
    check_id: str
    kind: RunnableKind
    outcome: CheckOutcome
    summary: str
    problems: tuple[str, ...]
    tree: str | None
    """The files it speaks of."""
    reused: bool
    argv: tuple[str, ...]
    exit_code: int | None
    counts: Counts | None
    output: ArtifactRef | None


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


Approver: TypeAlias = Literal["human_approval", "coordinator_eval"]
"""Whose word is asked for: a person's, or that of whoever coordinates an unattended run."""
Verdict: TypeAlias = Literal["approved", "rejected"]


@dataclass(frozen=True)
class Ask:
    """What an approver is asked."""

    approver: Approver
    title: str
    """Of the step, as the agent saw it."""
    reason: str | None
    """The condition under which approval is asked, in words; None: always."""
    shown: Digest
    """Of exactly what the approver is shown: `approval.shown`."""
    tree: str | None = None
    """The files the approver is shown the change of; the approval is for them alone."""
    diff: ArtifactRef | None = None
    """That change, as an artifact."""


@dataclass(frozen=True)
class ApprovalAsked:
    """An attempt holds all that is demanded and waits for approval: a new node that holds it."""

    node: NodeId
    parent: NodeId
    attempt: str
    payload_digest: Digest
    step_id: StepId
    iteration: int | None
    ask: Ask
    notes: str | None
    artifacts: tuple[ArtifactRef, ...]
    context_delta: JsonObject
    position: Position
    context_ref: Digest


@dataclass(frozen=True)
class ApprovalAnswered:
    """The approver decided on what a waiting node holds."""

    node: NodeId
    """The node that waited."""
    verdict: Verdict
    shown: Digest
    """What was decided on."""
    by: str
    channel: str
    """How the answer came: `terminal`, `client`."""
    note: str | None


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
    | CheckRecorded
    | AssessmentRecorded
    | StepSkipped
    | LoopEntered
    | LoopRepeated
    | LoopExited
    | StepReached
    | AttemptBlocked
    | ApprovalAsked
    | ApprovalAnswered
    | CheckpointTaken
    | BranchStarted
    | RunCompleted
    | AgentEvent
)


def artifacts_of(event: Event) -> tuple[ArtifactRef, ...]:
    """The artifacts an event names."""
    match event:
        case StepCompleted() | AttemptBlocked():
            return event.artifacts
        case ApprovalAsked():
            shown = () if event.ask.diff is None else (event.ask.diff,)
            return (*event.artifacts, *shown)
        case CheckRecorded():
            return () if event.output is None else (event.output,)
        case _:
            return ()
