"""How does a decision read as facts?

Each function makes one event from what was decided; none decides anything.
"""

from dataclasses import dataclass

from workrail_engine.ids import Digest, Handle, NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.session.commands import Submission
from workrail_engine.session.events import (
    ApprovalAsked,
    Ask,
    AssessmentRecorded,
    AttemptBlocked,
    BranchStarted,
    DimensionReading,
    RunCompleted,
    StepCompleted,
    StepReached,
    Tried,
)
from workrail_engine.session.next_step import Arrival, never_run
from workrail_engine.session.output import Output
from workrail_engine.session.state import Node, SessionState
from workrail_engine.workflow.assessments import AssessmentReading
from workrail_engine.workflow.compiled import CompiledStep, CompiledWorkflow


@dataclass(frozen=True)
class Attempted:
    """An attempt at a node's step, and all that it would record."""

    node: Node
    step: CompiledStep
    handle: Handle
    submission: Submission
    output: Output


def completed(attempt: Attempted) -> StepCompleted:
    """The attempt completed its step."""
    return StepCompleted(node=attempt.node.node_id, **_tried(attempt))


def blocked(
    attempt: Attempted, reached: NodeId, blockers: tuple[Blocker, ...], context_ref: Digest
) -> AttemptBlocked:
    """The attempt did not complete its step."""
    return AttemptBlocked(
        node=reached,
        parent=attempt.node.node_id,
        blockers=blockers,
        position=attempt.node.position,
        context_ref=context_ref,
        **_tried(attempt),
    )


def asked(attempt: Attempted, reached: NodeId, ask: Ask, context_ref: Digest) -> ApprovalAsked:
    """The attempt waits for approval."""
    return ApprovalAsked(
        node=reached,
        parent=attempt.node.node_id,
        ask=ask,
        position=attempt.node.position,
        context_ref=context_ref,
        **_tried(attempt),
    )


def assessed(node: Node, reading: AssessmentReading) -> AssessmentRecorded:
    """A self-assessment was accepted."""
    return AssessmentRecorded(
        node=node.node_id,
        assessment_id=reading.assessment_id,
        dimensions=tuple(
            DimensionReading(
                dimension.dimension_id, dimension.level, dimension.rationale, dimension.normalized
            )
            for dimension in reading.dimensions
        ),
        summary=reading.summary,
    )


def arrived(
    node: NodeId,
    parent: NodeId | None,
    arrival: Arrival,
    context_ref: Digest,
    workflow: CompiledWorkflow,
) -> StepReached | RunCompleted:
    """The run came to its next step, or to its end."""
    if arrival.step is None:
        skipped = never_run(workflow, arrival.position)
        return RunCompleted(node, parent, arrival.position, context_ref, skipped)
    return StepReached(
        node=node,
        parent=parent,
        step_id=arrival.step.step_id,
        iteration=arrival.iteration,
        position=arrival.position,
        context_ref=context_ref,
    )


def branched(state: SessionState, node: Node) -> tuple[BranchStarted, ...]:
    """A move from anywhere but the newest point of the session starts a branch."""
    here = node.parent if node.kind == "checkpoint" and not node.children else node.node_id
    return () if here == state.tip else (BranchStarted(node.node_id),)


def _tried(attempt: Attempted) -> Tried:
    return Tried(
        attempt=attempt.handle.hex(),
        payload_digest=attempt.submission.digest(),
        step_id=attempt.step.step_id,
        iteration=attempt.node.iteration,
        notes=attempt.output.notes,
        artifacts=attempt.output.refs,
        context_delta=attempt.submission.context,
    )
