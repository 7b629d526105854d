"""When does a step wait for someone's approval, and what exactly is approved?

What an approver is shown is a plain value made from the waiting node alone, so that its digest can be
worked out again at any time and by anyone: what was decided on is what was shown.
"""

from dataclasses import dataclass

from workrail_engine.canonical import JsonObject, digest
from workrail_engine.errors import StaleApprovalError
from workrail_engine.ids import Digest
from workrail_engine.session.checking import approval_check
from workrail_engine.session.context_tokens import replace_tokens
from workrail_engine.session.events import Approver, ArtifactRef, Ask, Position
from workrail_engine.session.loops import inside
from workrail_engine.session.state import Node
from workrail_engine.workflow.compiled import (
    CompiledLoop,
    CompiledStep,
    Confirmation,
)
from workrail_engine.workflow.conditions import describe, holds


@dataclass(frozen=True)
class Held:
    """What an approver decides on: all that completing the step would record."""

    notes: str | None
    artifacts: tuple[ArtifactRef, ...]
    context_ref: Digest


AUTONOMOUS = "is_autonomous"
"""The context variable that says nobody watches the run."""


def confirmation_of(
    step: CompiledStep, loop: CompiledLoop | None, position: Position
) -> Confirmation | None:
    """The rule a pending step is confirmed by: its own, else its loop's at the first step of it."""
    frame = position.frame
    first = frame is not None and (frame.iteration, frame.body_index) == (0, 0)
    return step.confirmation or (loop.confirmation if loop is not None and first else None)


def approval_due(
    step: CompiledStep, loop: CompiledLoop | None, position: Position, context: JsonObject
) -> Confirmation | None:
    """The rule that makes a complete attempt wait; None when it need not.

    A person's approval is always waited for. The coordinator's is waited for only in a run nobody
    watches; elsewhere the agent is told to ask.

    Args:
        step: the pending step.
        loop: the loop it is in, if any.
        position: with that step pending.
        context: with the attempt's change applied.
    """
    if approval_check(step) is not None:
        return Confirmation("human_approval", None)
    rule = confirmation_of(step, loop, position)
    if rule is None:
        return None
    unattended = context.get(AUTONOMOUS) in (True, "true")
    if rule.kind == "coordinator_eval" and not unattended:
        return None
    seen = seen_at(loop, position, context)
    return rule if rule.condition is None or holds(rule.condition, seen) else None


def seen_at(loop: CompiledLoop | None, position: Position, context: JsonObject) -> JsonObject:
    """The context as a pending step sees it, with its loop's variables."""
    frame = position.frame
    return context if loop is None or frame is None else inside(loop, frame.iteration, context)


@dataclass(frozen=True)
class Asking:
    """Why approval is due, and at which step."""

    rule: Confirmation
    step: CompiledStep
    seen: JsonObject
    """The context the step sees."""
    iteration: int | None
    tree: str | None = None
    diff: ArtifactRef | None = None


def ask(asking: Asking, held: Held) -> Ask:
    """What an approver is asked about what an attempt holds."""
    rule = asking.rule
    title = replace_tokens(asking.step.title, asking.seen)
    reason = describe(rule.condition) if rule.condition is not None else None
    question = _Question(
        rule.kind,
        asking.step.step_id,
        title,
        asking.iteration,
        reason,
        asking.tree,
        asking.diff,
    )
    shown_digest = Digest(digest(_document(question, held)))
    return Ask(rule.kind, title, reason, shown_digest, asking.tree, asking.diff)


def shown(node: Node) -> JsonObject:
    """Exactly what an approver of a waiting node is shown; contents by their digests.

    Raises:
        StaleApprovalError: the node waits for nothing.
    """
    asked = node.ask
    if asked is None:
        raise _not_waiting()
    question = _Question(
        asked.approver,
        node.step_id,
        asked.title,
        node.iteration,
        asked.reason,
        asked.tree,
        asked.diff,
    )
    return _document(question, Held(node.notes, node.artifacts, node.context_ref))


def check_answerable(node: Node, decided_on: Digest, tree: str | None) -> None:
    """Refuse an answer to anything but what a node waits for.

    Args:
        node: the node.
        decided_on: what the approver was shown.
        tree: the files as they are now.

    Raises:
        StaleApprovalError: the node waits for nothing, what was shown is not what it holds, or the
            files have changed since.
    """
    if node.ask is None or node.children:
        raise _not_waiting()
    if not node.ask.shown == decided_on == digest(shown(node)):
        message = (
            "What you were shown is not what waits for approval. Nothing was recorded. Look again "
            "with `workrail approve`."
        )
        raise StaleApprovalError(message)
    if node.ask.tree is not None and node.ask.tree != tree:
        message = (
            "The files were changed after approval was asked for. Nothing was recorded. The agent has "
            "to complete the step again, and you will be asked about the files as they are then."
        )
        raise StaleApprovalError(message)


@dataclass(frozen=True)
class _Question:
    approver: Approver
    step_id: str | None
    title: str
    iteration: int | None
    reason: str | None
    tree: str | None
    diff: ArtifactRef | None


def _document(question: _Question, held: Held) -> JsonObject:
    return {
        "version": 1,
        "approver": question.approver,
        "step": question.step_id,
        "title": question.title,
        "pass": None if question.iteration is None else question.iteration + 1,
        "reason": question.reason,
        "notes": held.notes,
        "artifacts": [
            {"kind": ref.kind, "digest": ref.digest, "bytes": ref.size} for ref in held.artifacts
        ],
        "context": held.context_ref,
        "tree": question.tree,
        "diff": None if question.diff is None else question.diff.digest,
    }


def _not_waiting() -> StaleApprovalError:
    return StaleApprovalError(
        "This approval is no longer waited for: it was answered, or the agent sent something else "
        "meanwhile. Nothing was recorded. `workrail approve` lists what waits."
    )
