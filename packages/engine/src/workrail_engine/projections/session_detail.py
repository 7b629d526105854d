"""One page: a session's story, step by step, on every branch."""

from dataclasses import dataclass

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.events import Approver, Verdict
from workrail_engine.session.state import NodeKind
from workrail_engine.workflow.checks import CheckOutcome, Counts, RunnableKind


@dataclass(frozen=True)
class ArtifactLine:
    """An artifact as a page lists it."""

    digest: Digest
    kind: str
    size: int
    accepted: bool


@dataclass(frozen=True)
class CheckLine:
    """What came of one check of an attempt."""

    check_id: str
    kind: RunnableKind
    outcome: CheckOutcome
    summary: str
    problems: tuple[str, ...]
    tree: str | None
    """The files it speaks of."""
    reused: bool
    """Whether it passed before, for the same files, and was not run again."""
    argv: tuple[str, ...]
    exit_code: int | None
    counts: Counts | None
    output: Digest | None
    """What it said, as an artifact; None where there is none."""
    at: str
    led_to: NodeId | None
    """The node the attempt came to; checks of one attempt name the same."""


@dataclass(frozen=True)
class AnswerLine:
    """How an approval was answered."""

    verdict: Verdict
    by: str
    channel: str
    """How the answer came: `terminal`, `client`."""
    note: str | None
    at: str


@dataclass(frozen=True)
class ApprovalLine:
    """What a waiting attempt asks an approver, and what came of it."""

    approval_id: str
    """What the approver calls it."""
    approver: Approver
    reason: str | None
    """The condition under which approval is asked, in words; None: always."""
    shown: Digest
    """Of exactly what the approver is shown."""
    tree: str | None
    """The files the approval is for; None: it is not for files."""
    diff: Digest | None
    """The change the approver is shown, as an artifact; None: none is."""
    answer: AnswerLine | None
    replaced: bool
    """Whether another attempt took its place before it was answered."""


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
    checks: tuple[CheckLine, ...] = ()
    """Those run for attempts made at this node, in their order."""
    approval: ApprovalLine | None = None
    """What a waiting node waits for, or waited for."""


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
