"""What does an attempt amount to, and what has to be looked at before it can be decided?"""

from dataclasses import dataclass, replace

from workrail_engine.canonical import JsonObject
from workrail_engine.outcomes import Blocker
from workrail_engine.session.blocking import find_blockers
from workrail_engine.session.checking import approval_check, checks_due, with_passed
from workrail_engine.session.commands import Advance, check_context
from workrail_engine.session.events import ArtifactRef
from workrail_engine.session.facts import Attempted
from workrail_engine.session.next_step import pending_loop, pending_step
from workrail_engine.session.output import merged, stored
from workrail_engine.session.state import SessionState, apply_delta
from workrail_engine.workflow.checks import RunnableCheck
from workrail_engine.workflow.compiled import CompiledWorkflow


@dataclass(frozen=True)
class Wanted:
    """What has to be looked at before an attempt can complete its step."""

    checks: tuple[RunnableCheck, ...]
    artifacts: tuple[JsonObject, ...]
    """What would be recorded with the step."""
    change: bool
    """Whether an approver is to be shown what changed."""


def wanted(
    state: SessionState, command: Advance, workflow: CompiledWorkflow, context: JsonObject
) -> Wanted | None:
    """What has to be looked at before a command can be decided; None for nothing.

    An attempt that something else is missing from is not checked: it is told that first. What was
    sent is within its limits.

    Raises:
        InvalidSubmissionError: the context becomes too large or too deep.
    """
    step = pending_step(workflow, state.nodes[command.node].position)
    due, approval = checks_due(workflow, step), approval_check(step)
    if not due and approval is None:
        return None
    made = attempted(state, command, workflow, context)
    if made.blockers:
        return None
    return Wanted(due, made.attempt.output.artifacts, approval is not None and bool(approval.show))


@dataclass(frozen=True)
class Made:
    """An attempt, and what of it is missing or wrong."""

    attempt: Attempted
    after: JsonObject
    """The context with the attempt's change."""
    fresh: tuple[tuple[ArtifactRef, bytes], ...]
    blockers: tuple[Blocker, ...]


def attempted(
    state: SessionState, command: Advance, workflow: CompiledWorkflow, context: JsonObject
) -> Made:
    """An attempt as it would be recorded, kept parts included.

    Raises:
        InvalidSubmissionError: the context becomes too large or too deep.
    """
    node, sent = state.nodes[command.node], command.submission
    fresh = tuple(stored(artifact) for artifact in sent.artifacts)
    after = apply_delta(context, sent.context)
    check_context(after)
    output = merged(node, sent, fresh, command.kept)
    step, loop = pending_step(workflow, node.position), pending_loop(workflow, node.position)
    blockers = find_blockers(step, loop, output.notes, output.artifacts, after)
    if command.checks:
        node = replace(node, position=with_passed(node.position, command.checks))
    return Made(Attempted(node, step, command.attempt, sent, output), after, fresh, blockers)
