"""State and a command become events, or a refusal that changes nothing.

This file owns every transition of a session. It reads no clock and no disk: what a command needs of
the world is in its arguments, and what comes of it is returned for the caller to write. Refusals are
exceptions of the `InvalidInputError` branch; a blocked attempt is not a refusal, it is an event.
"""

from dataclasses import dataclass
from typing import assert_never

from workrail_engine.canonical import JsonObject, digest
from workrail_engine.errors import MissingContextError
from workrail_engine.ids import Digest, NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.session.blocking import (
    find_blockers,
    loop_decision,
    missing_context,
    readings,
)
from workrail_engine.session.commands import (
    Advance,
    Checkpoint,
    Command,
    Start,
    check_context,
    check_submission,
)
from workrail_engine.session.events import (
    ArtifactRef,
    AssessmentRecorded,
    AttemptBlocked,
    BranchStarted,
    CheckpointTaken,
    DimensionReading,
    Event,
    Position,
    RunCompleted,
    StepCompleted,
    StepReached,
)
from workrail_engine.session.next_step import (
    Arrival,
    never_run,
    next_step,
    pending_loop,
    pending_step,
    step_done,
)
from workrail_engine.session.output import Output, merged, stored
from workrail_engine.session.state import Node, SessionState, apply_delta
from workrail_engine.workflow.assessments import AssessmentReading
from workrail_engine.workflow.compiled import CompiledStep, CompiledWorkflow


@dataclass(frozen=True)
class Decision:
    """What a command comes to: facts to append, and content to keep beside them."""

    events: tuple[Event, ...]
    context: JsonObject
    """The context at the new node; its digest is the node's `context_ref`."""
    artifacts: tuple[tuple[ArtifactRef, bytes], ...]
    """What this submission sent, with its canonical JSON."""


def decide(
    state: SessionState, command: Command, workflow: CompiledWorkflow, context: JsonObject
) -> Decision:
    """The facts a command adds to a session.

    Args:
        state: holds at least the node the command names.
        command: what is asked.
        workflow: what the session runs.
        context: at the command's node; for a start, the initial one.

    Raises:
        InvalidSubmissionError: what was sent is malformed or over a limit.
        MissingContextError: the first step is in a loop whose count or items are missing.
    """
    match command:
        case Start():
            return _start(command, workflow, context)
        case Advance():
            check_submission(command.submission)
            return _advance(state, command, workflow, context)
        case Checkpoint():
            check_submission(command.submission)
            return _checkpoint(state, command, context)
        case _:
            assert_never(command)


def _start(command: Start, workflow: CompiledWorkflow, context: JsonObject) -> Decision:
    check_context(context)
    arrival = next_step(workflow, Position(), context, NodeId(0))
    reached = _arrived(NodeId(1), None, arrival, _ref(context), workflow)
    return Decision((command.started, *arrival.happenings, reached), context, ())


def _advance(
    state: SessionState, command: Advance, workflow: CompiledWorkflow, context: JsonObject
) -> Decision:
    node = state.nodes[command.node]
    sent = command.submission
    fresh = tuple(stored(artifact) for artifact in sent.artifacts)
    after = apply_delta(context, sent.context)
    check_context(after)
    output = merged(node, sent, fresh, command.kept)
    after_ref = _ref(after)

    step = pending_step(workflow, node.position)
    loop = pending_loop(workflow, node.position)
    blockers = find_blockers(step, loop, output.notes, output.artifacts, after)
    position = step_done(node.position, stop=loop_decision(loop, output.artifacts))
    arrival = _next_or_blockers(workflow, position, after, node, blockers)
    reached_id = NodeId(state.last_node + 1)
    attempt = _Attempt(node, step, command, output)
    if isinstance(arrival, Arrival):
        outcome: tuple[Event, ...] = (
            _completed(attempt),
            *(_assessed(node, reading) for reading in readings(step, output.artifacts)),
            *_branch(state, node),
            *arrival.happenings,
            _arrived(reached_id, node.node_id, arrival, after_ref, workflow),
        )
    else:
        outcome = (*_branch(state, node), _blocked(attempt, reached_id, arrival, after_ref))
    return Decision(outcome, after, fresh)


def _checkpoint(state: SessionState, command: Checkpoint, context: JsonObject) -> Decision:
    node = state.nodes[command.node]
    after = apply_delta(context, command.submission.context)
    check_context(after)
    taken = CheckpointTaken(
        node=NodeId(state.last_node + 1),
        parent=node.node_id,
        payload_digest=command.submission.digest(),
        notes=command.submission.notes,
        context_delta=command.submission.context,
        context_ref=_ref(after),
    )
    return Decision((taken,), after, ())


def _next_or_blockers(
    workflow: CompiledWorkflow,
    position: Position,
    context: JsonObject,
    node: Node,
    blockers: tuple[Blocker, ...],
) -> Arrival | tuple[Blocker, ...]:
    """Where completing the step leads, or everything that stands in the way of completing it."""
    try:
        arrival = next_step(workflow, position, context, node.node_id)
    except MissingContextError as error:
        return (*blockers, missing_context(error))
    return blockers or arrival


@dataclass(frozen=True)
class _Attempt:
    node: Node
    step: CompiledStep
    command: Advance
    output: Output


def _completed(attempt: _Attempt) -> StepCompleted:
    return StepCompleted(
        node=attempt.node.node_id,
        attempt=attempt.command.attempt.hex(),
        payload_digest=attempt.command.submission.digest(),
        step_id=attempt.step.step_id,
        iteration=attempt.node.iteration,
        notes=attempt.output.notes,
        artifacts=attempt.output.refs,
        context_delta=attempt.command.submission.context,
    )


def _blocked(
    attempt: _Attempt, reached: NodeId, blockers: tuple[Blocker, ...], context_ref: Digest
) -> AttemptBlocked:
    return AttemptBlocked(
        node=reached,
        parent=attempt.node.node_id,
        attempt=attempt.command.attempt.hex(),
        payload_digest=attempt.command.submission.digest(),
        step_id=attempt.step.step_id,
        iteration=attempt.node.iteration,
        blockers=blockers,
        notes=attempt.output.notes,
        artifacts=attempt.output.refs,
        context_delta=attempt.command.submission.context,
        position=attempt.node.position,
        context_ref=context_ref,
    )


def _assessed(node: Node, reading: AssessmentReading) -> AssessmentRecorded:
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


def _arrived(
    node: NodeId,
    parent: NodeId | None,
    arrival: Arrival,
    context_ref: Digest,
    workflow: CompiledWorkflow,
) -> StepReached | RunCompleted:
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


def _branch(state: SessionState, node: Node) -> tuple[BranchStarted, ...]:
    """A move from anywhere but the newest point of the session starts a branch."""
    here = node.parent if node.kind == "checkpoint" and not node.children else node.node_id
    return () if here == state.tip else (BranchStarted(node.node_id),)


def _ref(context: JsonObject) -> Digest:
    return Digest(digest(context))
