"""How are the fields of an event read back?

Reading is strict: no field missing, none unknown. Only what is None is not written.
"""

from workrail_engine.canonical import JsonValue
from workrail_engine.ids import Digest, LoopId, NodeId, SessionId, StepId, WorkflowHash, WorkflowId
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.session.events import (
    ApprovalAnswered,
    ApprovalAsked,
    Approver,
    ArtifactRef,
    Ask,
    AssessmentRecorded,
    AttemptBlocked,
    BranchStarted,
    CheckpointTaken,
    CheckRecorded,
    DimensionReading,
    LoopEntered,
    LoopExitCause,
    LoopExited,
    LoopFrame,
    LoopRepeated,
    Position,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
    StepSkipped,
    Tried,
    Verdict,
    Workspace,
)
from workrail_engine.store.record import DamagedRecordError, Record
from workrail_engine.workflow.checks import CheckOutcome, Counts, RunnableKind


def read_session_started(r: Record) -> SessionStarted:
    """The fields of `SessionStarted`."""
    parent = r.maybe("parent_session_id", r.text)
    return SessionStarted(
        session_id=SessionId(r.text("session_id")),
        workflow_id=WorkflowId(r.text("workflow_id")),
        workflow_hash=WorkflowHash(r.text("workflow_hash")),
        goal=r.text("goal"),
        origin=r.text("origin"),
        workspace=r.one("workspace", _workspace),
        parent_session_id=None if parent is None else SessionId(parent),
        context=r.object("context"),
    )


def read_step_completed(r: Record) -> StepCompleted:
    """The fields of `StepCompleted`."""
    return StepCompleted(node=_node(r), **_tried(r))


def read_step_reached(r: Record) -> StepReached:
    """The fields of `StepReached`."""
    return StepReached(
        node=_node(r),
        parent=_parent(r),
        step_id=StepId(r.text("step_id")),
        iteration=r.maybe("iteration", r.number),
        position=r.one("position", read_position),
        context_ref=Digest(r.text("context_ref")),
    )


def read_attempt_blocked(r: Record) -> AttemptBlocked:
    """The fields of `AttemptBlocked`."""
    return AttemptBlocked(
        node=_node(r),
        parent=NodeId(r.number("parent")),
        blockers=r.each("blockers", read_blocker),
        position=r.one("position", read_position),
        context_ref=Digest(r.text("context_ref")),
        **_tried(r),
    )


def read_approval_asked(r: Record) -> ApprovalAsked:
    """The fields of `ApprovalAsked`."""
    return ApprovalAsked(
        node=_node(r),
        parent=NodeId(r.number("parent")),
        ask=r.one("ask", read_ask),
        position=r.one("position", read_position),
        context_ref=Digest(r.text("context_ref")),
        **_tried(r),
    )


def read_approval_answered(r: Record) -> ApprovalAnswered:
    """The fields of `ApprovalAnswered`."""
    return ApprovalAnswered(
        node=_node(r),
        verdict=_verdict(r.text("verdict")),
        shown=Digest(r.text("shown")),
        by=r.text("by"),
        channel=r.text("channel"),
        note=r.maybe("note", r.text),
    )


def read_checkpoint_taken(r: Record) -> CheckpointTaken:
    """The fields of `CheckpointTaken`."""
    return CheckpointTaken(
        node=_node(r),
        parent=NodeId(r.number("parent")),
        payload_digest=Digest(r.text("payload_digest")),
        notes=r.maybe("notes", r.text),
        context_delta=r.object("context_delta"),
        context_ref=Digest(r.text("context_ref")),
    )


def read_run_completed(r: Record) -> RunCompleted:
    """The fields of `RunCompleted`."""
    return RunCompleted(
        node=_node(r),
        parent=_parent(r),
        position=r.one("position", read_position),
        context_ref=Digest(r.text("context_ref")),
        skipped=r.texts("skipped"),
    )


def read_check_recorded(r: Record) -> CheckRecorded:
    """The fields of `CheckRecorded`."""
    return CheckRecorded(
        node=_node(r),
        step_id=StepId(r.text("step_id")),
        check_id=r.text("check_id"),
        kind=_check_kind(r.text("kind")),
        outcome=_check_outcome(r.text("outcome")),
        summary=r.text("summary"),
        problems=r.texts("problems"),
        tree=r.maybe("tree", r.text),
        reused=r.flag("reused"),
        argv=r.texts("argv"),
        exit_code=r.maybe("exit_code", r.number),
        counts=r.maybe("counts", lambda name: r.one(name, _counts)),
        output=r.maybe("output", lambda name: r.one(name, read_artifact)),
    )


def read_assessment_recorded(r: Record) -> AssessmentRecorded:
    """The fields of `AssessmentRecorded`."""
    return AssessmentRecorded(
        node=_node(r),
        assessment_id=r.text("assessment_id"),
        dimensions=r.each("dimensions", _dimension),
        summary=r.maybe("summary", r.text),
    )


def read_step_skipped(r: Record) -> StepSkipped:
    """The fields of `StepSkipped`."""
    return StepSkipped(
        node=_node(r),
        step_id=r.text("step_id"),
        iteration=r.maybe("iteration", r.number),
        condition=r.text("condition"),
        seen=tuple(_pair(item) for item in r.items("seen")),
        unset=r.texts("unset"),
    )


def read_loop_entered(r: Record) -> LoopEntered:
    """The fields of `LoopEntered`."""
    return LoopEntered(node=_node(r), loop_id=LoopId(r.text("loop_id")))


def read_loop_repeated(r: Record) -> LoopRepeated:
    """The fields of `LoopRepeated`."""
    return LoopRepeated(
        node=_node(r), loop_id=LoopId(r.text("loop_id")), iteration=r.number("iteration")
    )


def read_loop_exited(r: Record) -> LoopExited:
    """The fields of `LoopExited`."""
    return LoopExited(
        node=_node(r),
        loop_id=LoopId(r.text("loop_id")),
        passes=r.number("passes"),
        cause=_cause(r.text("cause")),
    )


def read_branch_started(r: Record) -> BranchStarted:
    """The fields of `BranchStarted`."""
    return BranchStarted(node=_node(r))


def _tried(r: Record) -> Tried:
    return Tried(
        attempt=r.text("attempt"),
        payload_digest=Digest(r.text("payload_digest")),
        step_id=StepId(r.text("step_id")),
        iteration=r.maybe("iteration", r.number),
        notes=r.maybe("notes", r.text),
        artifacts=r.each("artifacts", read_artifact),
        context_delta=r.object("context_delta"),
    )


def _node(r: Record) -> NodeId:
    return NodeId(r.number("node"))


def _parent(r: Record) -> NodeId | None:
    parent = r.maybe("parent", r.number)
    return None if parent is None else NodeId(parent)


def _workspace(r: Record) -> Workspace:
    return Workspace(
        path=r.maybe("path", r.text),
        repository=r.maybe("repository", r.text),
        branch=r.maybe("branch", r.text),
        head=r.maybe("head", r.text),
    )


def read_ask(r: Record) -> Ask:
    """The fields of `Ask`."""
    return Ask(
        approver=_approver(r.text("approver")),
        title=r.text("title"),
        reason=r.maybe("reason", r.text),
        shown=Digest(r.text("shown")),
        tree=r.maybe("tree", r.text),
        diff=r.maybe("diff", lambda name: r.one(name, read_artifact)),
    )


def _counts(r: Record) -> Counts:
    return Counts(passed=r.number("passed"), failed=r.number("failed"), skipped=r.number("skipped"))


def _check_kind(text: str) -> RunnableKind:
    match text:
        case "command" | "files" | "diff" | "artifact":
            return text
        case _:
            message = f"no kind of check is called '{text}'"
            raise DamagedRecordError(message)


def _check_outcome(text: str) -> CheckOutcome:
    match text:
        case "passed" | "failed" | "error" | "unchecked":
            return text
        case _:
            message = f"no check ends '{text}'"
            raise DamagedRecordError(message)


def _approver(text: str) -> Approver:
    match text:
        case "human_approval" | "coordinator_eval":
            return text
        case _:
            message = f"no approver is called '{text}'"
            raise DamagedRecordError(message)


def _verdict(text: str) -> Verdict:
    match text:
        case "approved" | "rejected":
            return text
        case _:
            message = f"no verdict is called '{text}'"
            raise DamagedRecordError(message)


def read_position(r: Record) -> Position:
    """The fields of `Position`."""
    return Position(
        frontier=r.number("frontier"),
        skipped=r.numbers("skipped"),
        at=r.maybe("at", r.number),
        frame=r.maybe("frame", lambda name: r.one(name, _frame)),
        completed=r.number("completed"),
        passed=r.maybe("passed", lambda name: tuple(_passed(item) for item in r.items(name))),
    )


def _passed(item: JsonValue) -> tuple[str, str]:
    match item:
        case [str() as check, str() as tree]:
            return check, tree
        case _:
            message = "position.passed should hold pairs of a check and a tree"
            raise DamagedRecordError(message)


def _frame(r: Record) -> LoopFrame:
    return LoopFrame(
        index=r.number("index"),
        iteration=r.number("iteration"),
        body_index=r.number("body_index"),
        stop=r.maybe("stop", r.flag),
    )


def read_artifact(r: Record) -> ArtifactRef:
    """The fields of `ArtifactRef`."""
    return ArtifactRef(
        digest=Digest(r.text("digest")),
        kind=r.text("kind"),
        size=r.number("size"),
        assessment_id=r.maybe("assessment_id", r.text),
    )


def _dimension(r: Record) -> DimensionReading:
    return DimensionReading(
        dimension_id=r.text("dimension_id"),
        level=r.text("level"),
        rationale=r.maybe("rationale", r.text),
        normalized=r.flag("normalized"),
    )


def read_blocker(r: Record) -> Blocker:
    """The fields of `Blocker`."""
    code = r.text("code")
    try:
        known = BlockerCode(code)
    except ValueError as error:
        message = f"no blocker has the code '{code}'"
        raise DamagedRecordError(message) from error
    return Blocker(
        code=known,
        subject=r.text("subject"),
        message=r.text("message"),
        remedy=r.text("remedy"),
        example=r.maybe("example", r.take),
    )


def _pair(value: JsonValue) -> tuple[str, JsonValue]:
    match value:
        case [str() as name, seen]:
            return name, seen
        case _:
            message = "step_skipped.seen should hold pairs of a name and a value"
            raise DamagedRecordError(message)


def _cause(text: str) -> LoopExitCause:
    match text:
        case "condition" | "stopped" | "count" | "limit":
            return text
        case _:
            message = f"no loop ends by '{text}'"
            raise DamagedRecordError(message)
