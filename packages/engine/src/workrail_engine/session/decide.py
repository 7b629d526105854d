"""State and a command become events, or a refusal that changes nothing.

This file owns every transition of a session. It reads no clock and no disk: what a command needs of
the world is in its arguments, and what comes of it is returned for the caller to write. Refusals are
exceptions of the `InvalidInputError` branch; a blocked attempt is not a refusal, it is an event.
"""

from dataclasses import dataclass
from typing import assert_never

from workrail_engine.canonical import JsonObject, digest
from workrail_engine.errors import CorruptSessionError, MissingContextError
from workrail_engine.ids import Digest, NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.session.approval import (
    Asking,
    Held,
    approval_due,
    ask,
    check_answerable,
    seen_at,
)
from workrail_engine.session.attempts import attempted
from workrail_engine.session.blocking import (
    loop_decision,
    missing_context,
    readings,
    rejection,
)
from workrail_engine.session.checking import (
    check_blockers,
    checks_due,
    recorded,
    shown_diff,
    unshown,
)
from workrail_engine.session.commands import (
    NOTHING,
    Advance,
    Answer,
    Checkpoint,
    Command,
    ShownChange,
    Start,
    check_context,
    check_submission,
)
from workrail_engine.session.events import (
    ApprovalAnswered,
    ArtifactRef,
    Ask,
    CheckpointTaken,
    Event,
    Position,
)
from workrail_engine.session.facts import (
    Attempted,
    arrived,
    asked,
    assessed,
    blocked,
    branched,
    completed,
)
from workrail_engine.session.next_step import (
    Arrival,
    next_step,
    pending_loop,
    pending_step,
    step_done,
)
from workrail_engine.session.output import merged
from workrail_engine.session.state import SessionState, apply_delta
from workrail_engine.workflow.compiled import CompiledLoop, CompiledWorkflow, Confirmation


@dataclass(frozen=True)
class Decision:
    """What a command comes to: facts to append, and content to keep beside them."""

    events: tuple[Event, ...]
    context: JsonObject
    """The context at the new node; its digest is the node's `context_ref`."""
    artifacts: tuple[tuple[ArtifactRef, bytes], ...]
    """What was sent, and what checks and approvals keep, with its canonical JSON."""


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
        StaleApprovalError: what is answered does not wait for that answer.
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
        case Answer():
            return _answer(state, command, workflow, context)
        case _:
            assert_never(command)


def _start(command: Start, workflow: CompiledWorkflow, context: JsonObject) -> Decision:
    check_context(context)
    arrival = next_step(workflow, Position(), context, NodeId(0))
    reached = arrived(NodeId(1), None, arrival, _ref(context), workflow)
    return Decision((command.started, *arrival.happenings, reached), context, ())


def _advance(
    state: SessionState, command: Advance, workflow: CompiledWorkflow, context: JsonObject
) -> Decision:
    made = attempted(state, command, workflow, context)
    attempt, after, node = made.attempt, made.after, made.attempt.node
    loop = pending_loop(workflow, node.position)
    due = checks_due(workflow, attempt.step)
    blockers = (
        made.blockers
        or tuple(check_blockers(due, command.checks))
        or tuple(unshown(attempt.step, command.change))
    )
    records = [recorded(node, attempt.step, result) for result in command.checks]
    kept = [*made.fresh, *(record.output for record in records if record.output is not None)]
    arrival = _next_or_blockers(workflow, attempt, after, blockers)
    reached = NodeId(state.last_node + 1)
    rule = approval_due(attempt.step, loop, node.position, after)
    outcome: tuple[Event, ...]
    if not isinstance(arrival, Arrival):
        refused = blocked(attempt, reached, arrival, _ref(after))
        outcome = (*branched(state, node), refused)
    elif rule is not None:
        question, shown = _question(attempt, rule, command.change, after, loop)
        kept.extend(shown)
        outcome = (*branched(state, node), asked(attempt, reached, question, _ref(after)))
    else:
        outcome = _passed(state, attempt, arrival, workflow, after)
    events = (*(record.event for record in records), *outcome)
    return Decision(events, after, tuple(kept))


def _question(
    attempt: Attempted,
    rule: Confirmation,
    change: ShownChange | None,
    after: JsonObject,
    loop: CompiledLoop | None,
) -> tuple[Ask, tuple[tuple[ArtifactRef, bytes], ...]]:
    """What an approver is asked, and what they are shown of the files."""
    node = attempt.node
    shown = () if change is None else (shown_diff(change),)
    asking = Asking(
        rule=rule,
        step=attempt.step,
        seen=seen_at(loop, node.position, after),
        iteration=node.iteration,
        tree=None if change is None else change.tree,
        diff=shown[0][0] if shown else None,
    )
    return ask(asking, Held(attempt.output.notes, attempt.output.refs, _ref(after))), shown


def _answer(
    state: SessionState, command: Answer, workflow: CompiledWorkflow, context: JsonObject
) -> Decision:
    """Approved: the step is completed with what the node holds. Rejected: that attempt is blocked."""
    node = state.nodes[command.node]
    given = command.given
    check_answerable(node, given.shown, command.tree)
    answered = ApprovalAnswered(
        node.node_id, given.verdict, given.shown, given.by, given.channel, given.note
    )
    step = pending_step(workflow, node.position)
    output = merged(node, NOTHING, (), command.kept)
    attempt = Attempted(node, step, command.attempt, NOTHING, output)
    if given.verdict == "rejected":
        reached = NodeId(state.last_node + 1)
        refused = blocked(attempt, reached, (rejection(given.note),), node.context_ref)
        return Decision((answered, *branched(state, node), refused), context, ())
    arrival = _next_or_blockers(workflow, attempt, context, ())
    if not isinstance(arrival, Arrival):
        message = f"Node {node.node_id} was ready for approval and cannot be completed any more."
        raise CorruptSessionError(message)
    return Decision((answered, *_passed(state, attempt, arrival, workflow, context)), context, ())


def _passed(
    state: SessionState,
    attempt: Attempted,
    arrival: Arrival,
    workflow: CompiledWorkflow,
    after: JsonObject,
) -> tuple[Event, ...]:
    """The facts of an attempt that completed its step."""
    node = attempt.node
    reached = NodeId(state.last_node + 1)
    return (
        completed(attempt),
        *(assessed(node, one) for one in readings(attempt.step, attempt.output.artifacts)),
        *branched(state, node),
        *arrival.happenings,
        arrived(reached, node.node_id, arrival, _ref(after), workflow),
    )


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
    attempt: Attempted,
    context: JsonObject,
    blockers: tuple[Blocker, ...],
) -> Arrival | tuple[Blocker, ...]:
    """Where completing the step leads, or everything that stands in the way of completing it."""
    position = attempt.node.position
    stop = loop_decision(pending_loop(workflow, position), attempt.output.artifacts)
    done = step_done(position, stop=stop)
    try:
        arrival = next_step(workflow, done, context, attempt.node.node_id)
    except MissingContextError as error:
        return (*blockers, missing_context(error))
    return blockers or arrival


def _ref(context: JsonObject) -> Digest:
    return Digest(digest(context))
